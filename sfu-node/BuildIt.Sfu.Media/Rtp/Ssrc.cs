namespace BuildIt.Sfu.Media.Rtp;

/// <summary>Identifier of one RTP stream within a session (RFC 3550 section 3).</summary>
public readonly record struct Ssrc(uint Value)
{
    public override string ToString() => Value.ToString();
}
