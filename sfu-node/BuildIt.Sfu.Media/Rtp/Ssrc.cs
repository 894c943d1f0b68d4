namespace BuildIt.Sfu.Media.Rtp;

/// <summary>Identifier of one RTP stream within a session (RFC 3550 section 3).</summary>
public readonly record struct Ssrc(uint Value)
{
    public override string ToString() => Value.ToString();
}

/// <summary>
/// Gives out SSRCs of one connection one after another, so that none comes twice under its key (RFC 3711 section 9.1), whatever
/// streams came and went. Its start is random, so that SSRCs of different connections seldom agree (RFC 3550 section 8.1).
/// </summary>
internal sealed class SsrcSequence(uint start)
{
    private uint _next = start;

    public Ssrc Next()
    {
        // 0 is avoided: some clients take it for none.
        _next += _next == 0 ? 1u : 0;
        return new Ssrc(_next++);
    }
}
