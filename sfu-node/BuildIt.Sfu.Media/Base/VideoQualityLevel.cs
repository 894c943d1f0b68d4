namespace BuildIt.Sfu.Media.Base;

/// <summary>Quality step of a video track; the values are those of the wire protocol.</summary>
public enum VideoQualityLevel : byte
{
    Low = 0,
    Medium = 1,
    High = 2,
    Off = 3,
}
