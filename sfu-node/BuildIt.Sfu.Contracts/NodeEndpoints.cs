namespace BuildIt.Sfu.Contracts;

/// <summary>Where a node is reached, and by whom. Server addresses only: a client's address is never in a contract.</summary>
public sealed record NodeEndpoints
{
    /// <summary>Base URL inside the cluster network for signalling proxied by other nodes, for example <c>http://10.0.0.5:7880</c>.</summary>
    public required string Signal { get; init; }

    /// <summary>Base URL of the mutual-TLS control server, for example <c>https://10.0.0.5:7883</c>.</summary>
    public required string Control { get; init; }

    /// <summary>
    /// Address and port (TCP) at which the node is asked for links, as nodes in the same network reach it; null when the node does not
    /// relay, and takes no seat beside others. What a link carries goes over the media port, as a client's media does.
    /// </summary>
    public string? Relay { get; init; }

    /// <summary>The same as nodes in other networks reach it; null when they do not, or it is no other.</summary>
    public string? RelayOutside { get; init; }

    /// <summary>SHA-256 of the certificate that the node shows on links (DER), in lower-case hexadecimal; null when it does not relay.</summary>
    public string? RelayFingerprint { get; init; }

    /// <summary>The address that clients are given for media; null until it is known.</summary>
    public string? MediaAddress { get; init; }

    /// <summary>The UDP port that clients are given for media, 0 to 65535; 0 until it is known.</summary>
    public int MediaUdpPort { get; init; }

    /// <summary>The TCP port that clients are given for media, 0 to 65535; 0 when media over TCP is off.</summary>
    public int MediaTcpPort { get; init; }
}
