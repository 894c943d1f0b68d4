using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Stun;

namespace BuildIt.Sfu.Media.Ice;

/// <summary>Which of the two agents controls: nominates pairs (RFC 8445 section 6.1.1). A lite agent never does.</summary>
internal sealed class IceRole
{
    private readonly bool _lite;

    public IceRole(bool controlling, bool lite, IRandomSource random)
    {
        _lite = lite;
        IsControlling = controlling && !lite;
        Span<byte> bytes = stackalloc byte[8];
        random.Fill(bytes);
        TieBreaker = BitConverter.ToUInt64(bytes);
    }

    public bool IsControlling { get; private set; }

    public ulong TieBreaker { get; }

    /// <summary>RFC 8445 section 7.3.1.1. False when the peer must give way, which a 487 tells it.</summary>
    public bool Resolve(in StunMessage request)
    {
        if (!request.TryGetRole(out var peerControls, out var peerTieBreaker) || peerControls != IsControlling)
        {
            return true;
        }

        if (_lite || (TieBreaker >= peerTieBreaker) == IsControlling)
        {
            return false;
        }

        IsControlling = !IsControlling;
        return true;
    }

    /// <summary>The peer says that both have the same role: takes the other (RFC 8445 section 7.2.5.1).</summary>
    public void GiveWay() => IsControlling = !IsControlling && !_lite;
}
