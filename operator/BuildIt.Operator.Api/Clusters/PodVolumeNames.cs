namespace BuildIt.Operator.Api;

/// <summary>The volumes of a fleet's pods. A pod template cannot add others, so extra containers can mount only these.</summary>
public static class PodVolumeNames
{
    /// <summary>What the pod tells clients about its address.</summary>
    public const string Advertise = "advertise";

    /// <summary>The API keys that sign join tokens.</summary>
    public const string ApiKeys = "api-keys";

    /// <summary>The certificate by which the operator knows the node.</summary>
    public const string ControlTls = "control-tls";

    /// <summary>The certificate of signalHost; only where the spec names one.</summary>
    public const string SignalTls = "signal-tls";

    /// <summary>The secret shared with the TURN server; only where the spec names one.</summary>
    public const string Turn = "turn";

    /// <summary>Scratch space, writable, 64 MiB.</summary>
    public const string Scratch = "tmp";

    /// <summary>The volumes that the pods of a fleet have.</summary>
    public static IReadOnlyList<string> Of(SfuClusterSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        List<string> names = [Advertise, ApiKeys, ControlTls, Scratch];
        if (spec.Network.TlsSecretRef is not null)
        {
            names.Add(SignalTls);
        }

        if (spec.Turn is not null)
        {
            names.Add(Turn);
        }

        return names;
    }
}
