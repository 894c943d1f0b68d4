namespace BuildIt.Sfu.Crypto.Dtls;

/// <summary>What the handshake thread wants of either role.</summary>
internal interface IDtlsPeer
{
    /// <summary>Set when the handshake has completed.</summary>
    DtlsKeys? Keys { get; }
}
