using System.Buffers.Binary;
using BuildIt.Sfu.Media.Rtp;

namespace BuildIt.Sfu.Media.Rtcp;

/// <summary>The streams that a BYE ends (RFC 3550 section 6.6).</summary>
public ref struct Goodbyes
{
    private ReadOnlySpan<byte> _rest;
    private int _left;

    public Goodbyes(in RtcpPacketView packet)
    {
        _rest = packet.Type == RtcpType.Goodbye ? packet.Body : default;
        _left = packet.Count;
    }

    public Ssrc Current { get; private set; }

    public readonly Goodbyes GetEnumerator() => this;

    public bool MoveNext()
    {
        if (_left <= 0 || _rest.Length < 4)
            return false;
        Current = new Ssrc(BinaryPrimitives.ReadUInt32BigEndian(_rest));
        _rest = _rest[4..];
        _left--;
        return true;
    }
}

/// <summary>The canonical names of an SDES packet (RFC 3550 section 6.5.1), as bytes in the packet.</summary>
public ref struct CanonicalNames
{
    private const byte CnameItem = 1;

    private ReadOnlySpan<byte> _rest;
    private int _left;

    public CanonicalNames(in RtcpPacketView packet)
    {
        _rest = packet.Type == RtcpType.SourceDescription ? packet.Body : default;
        _left = packet.Count;
    }

    public Ssrc Current { get; private set; }

    /// <summary>UTF-8 name of the current stream; empty when its chunk has none.</summary>
    public ReadOnlySpan<byte> CurrentName { get; private set; }

    public readonly CanonicalNames GetEnumerator() => this;

    public bool MoveNext()
    {
        if (_left <= 0 || _rest.Length < 4)
            return false;
        Current = new Ssrc(BinaryPrimitives.ReadUInt32BigEndian(_rest));
        CurrentName = default;
        var position = 4;
        while (position < _rest.Length && _rest[position] != 0)
        {
            if (position + 2 > _rest.Length || position + 2 + _rest[position + 1] > _rest.Length)
            {
                _left = 0;
                return false;
            }

            if (_rest[position] == CnameItem)
                CurrentName = _rest.Slice(position + 2, _rest[position + 1]);
            position += 2 + _rest[position + 1];
        }

        // The chunk ends with at least one zero and is padded to a whole word.
        position = Math.Min((position & ~3) + 4, _rest.Length);
        _rest = _rest[position..];
        _left--;
        return true;
    }
}
