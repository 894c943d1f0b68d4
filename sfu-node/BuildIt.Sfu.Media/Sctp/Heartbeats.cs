using System.Buffers.Binary;
using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Sctp;

/// <summary>Whether the peer is there while nothing is sent (RFC 9260 section 8.3): asks now and then, and answers the peer's.</summary>
internal sealed class Heartbeats(SctpOptions options, RetransmissionTimeout rto, IRandomSource random)
{
    private const int InfoSize = 16;
    private const int MaxEcho = 256;

    private readonly byte[] _echo = new byte[MaxEcho];
    private int _echoLength;
    private ulong _nonce;
    private bool _due;

    /// <summary>When the peer is asked next.</summary>
    public Instant Timer { get; private set; } = Instant.Never;

    /// <summary>The peer was asked and has not answered.</summary>
    public bool IsUnanswered { get; private set; }

    public void Start(Instant now) => Timer = now + options.HeartbeatInterval;

    public void Stop() => Timer = Instant.Never;

    /// <summary>Asks with the next packet.</summary>
    public void Ask(Instant now)
    {
        Span<byte> nonce = stackalloc byte[8];
        random.Fill(nonce);
        _nonce = BinaryPrimitives.ReadUInt64BigEndian(nonce);
        IsUnanswered = true;
        _due = true;
        Timer = now + options.HeartbeatInterval + rto.Current;
    }

    /// <summary>The peer asks: what it says is said back.</summary>
    public void TakeRequest(ReadOnlySpan<byte> value)
    {
        if (value.Length is > 0 and <= MaxEcho)
        {
            value.CopyTo(_echo);
            _echoLength = value.Length;
        }
    }

    /// <summary>The peer answers. False when that is no answer to the last question.</summary>
    public bool TakeAnswer(ReadOnlySpan<byte> value, Instant now)
    {
        if (!IsUnanswered || value.Length < 4 + InfoSize || BinaryPrimitives.ReadUInt64BigEndian(value[12..]) != _nonce)
        {
            return false;
        }

        IsUnanswered = false;
        rto.Measured(now - new Instant(BinaryPrimitives.ReadInt64BigEndian(value[4..])));
        return true;
    }

    /// <summary>Appends what is due.</summary>
    public void Write(ref SctpPacketWriter packet, Instant now)
    {
        if (_echoLength > 0 && _echoLength <= packet.Room)
        {
            packet.Chunk(ChunkType.HeartbeatAck, 0, _echo.AsSpan(0, _echoLength));
            _echoLength = 0;
        }

        if (_due && packet.Room >= 4 + InfoSize)
        {
            _due = false;
            var value = packet.Chunk(ChunkType.Heartbeat, 0, 4 + InfoSize);
            BinaryPrimitives.WriteUInt16BigEndian(value, (ushort)ParameterType.HeartbeatInfo);
            BinaryPrimitives.WriteUInt16BigEndian(value[2..], 4 + InfoSize);
            BinaryPrimitives.WriteInt64BigEndian(value[4..], now.Microseconds);
            BinaryPrimitives.WriteUInt64BigEndian(value[12..], _nonce);
        }
    }
}
