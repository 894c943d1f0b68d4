namespace BuildIt.Sfu.Media.Base;

/// <summary>
/// A forwarded quality of a video track: everything up to this spatial (or simulcast) layer's temporal layer.
/// Spatial 0 to 2, temporal 0 to 3.
/// </summary>
public readonly record struct LayerId(int Spatial, int Temporal)
{
    /// <summary>Nothing is forwarded.</summary>
    public static readonly LayerId None = new(-1, -1);

    public bool IsNone => Spatial < 0;

    public override string ToString() => IsNone ? "none" : $"S{Spatial}T{Temporal}";
}

/// <summary>Quality step of a video track; the values are those of the wire protocol.</summary>
public enum VideoQualityLevel : byte
{
    Low = 0,
    Medium = 1,
    High = 2,
    Off = 3,
}
