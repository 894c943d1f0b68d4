using System.Buffers.Binary;

namespace BuildIt.Sfu.Media.Rtcp;

/// <summary>The report on one packet in transport-wide feedback.</summary>
/// <param name="Sequence">Transport-wide sequence number.</param>
/// <param name="Received">False when the receiver had not seen the packet.</param>
/// <param name="ArrivalMicroseconds">
/// Arrival on the receiver's clock, with 250 µs resolution, within the 24-bit circle of reference times (about 12.4 days);
/// 0 when not received.
/// </param>
public readonly record struct PacketArrival(ushort Sequence, bool Received, long ArrivalMicroseconds);

/// <summary>
/// Transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1), walked packet by packet.
/// Malformed bytes end the walk and set <see cref="IsMalformed"/>.
/// </summary>
public ref struct TransportFeedbackReader
{
    internal const int FixedLength = 16;
    internal const long ReferenceUnit = 64_000;
    internal const long DeltaUnit = 250;

    private ReadOnlySpan<byte> _chunks;
    private ReadOnlySpan<byte> _deltas;
    private int _left;
    private ushort _next;
    private long _time;
    private uint _symbols;
    private int _symbolsLeft;
    private int _symbolBits;
    private bool _isRun;

    private TransportFeedbackReader(ReadOnlySpan<byte> body)
    {
        BaseSequence = BinaryPrimitives.ReadUInt16BigEndian(body[8..]);
        StatusCount = BinaryPrimitives.ReadUInt16BigEndian(body[10..]);
        FeedbackCount = body[15];
        // The reference time is 24 bits, signed, in units of 64 ms.
        _time = ((int)(BinaryPrimitives.ReadUInt32BigEndian(body[12..]) & 0xFFFFFF00) >> 8) * ReferenceUnit;
        _left = StatusCount;
        _next = BaseSequence;
        _chunks = body[FixedLength..];
    }

    /// <summary>First sequence number reported on.</summary>
    public ushort BaseSequence { get; }

    /// <summary>How many packets are reported on.</summary>
    public ushort StatusCount { get; }

    /// <summary>Counts feedback packets, so that lost ones are noticed.</summary>
    public byte FeedbackCount { get; }

    public bool IsMalformed { get; private set; }

    public PacketArrival Current { get; private set; }

    /// <summary>Starts reading; false when the packet is another one or its chunks do not cover its count.</summary>
    public static bool TryRead(in RtcpPacketView packet, out TransportFeedbackReader reader)
    {
        reader = default;
        if (!packet.IsTransportWideFeedback || packet.Body.Length < FixedLength)
            return false;
        reader = new TransportFeedbackReader(packet.Body);
        return reader.TryFindDeltas();
    }

    public readonly TransportFeedbackReader GetEnumerator() => this;

    public bool MoveNext()
    {
        if (_left == 0 || IsMalformed)
            return false;
        if (_symbolsLeft == 0)
            NextChunk();
        _left--;
        _symbolsLeft--;
        var symbol = _isRun ? _symbols : _symbols >> _symbolsLeft * _symbolBits & (1u << _symbolBits) - 1;
        var sequence = _next++;
        switch (symbol)
        {
            case 0:
                Current = new PacketArrival(sequence, false, 0);
                return true;
            case 1 when _deltas.Length >= 1:
                _time += _deltas[0] * DeltaUnit;
                _deltas = _deltas[1..];
                break;
            case 2 when _deltas.Length >= 2:
                _time += BinaryPrimitives.ReadInt16BigEndian(_deltas) * DeltaUnit;
                _deltas = _deltas[2..];
                break;
            default:
                IsMalformed = true;
                return false;
        }

        Current = new PacketArrival(sequence, true, _time);
        return true;
    }

    private void NextChunk()
    {
        var chunk = BinaryPrimitives.ReadUInt16BigEndian(_chunks);
        _chunks = _chunks[2..];
        (_isRun, _symbols, _symbolsLeft, _symbolBits) = Decode(chunk);
    }

    /// <summary>Section 3.1.3 (run length: 0, 2-bit symbol, 13-bit count) and 3.1.4 (vector: 1, size flag, 14 bits of symbols).</summary>
    private static (bool IsRun, uint Symbols, int Count, int Bits) Decode(ushort chunk)
    {
        if ((chunk & 0x8000) == 0)
            return (true, (uint)(chunk >> 13 & 3), chunk & 0x1FFF, 0);
        return (chunk & 0x4000) == 0 ? (false, (uint)chunk & 0x3FFF, 14, 1) : (false, (uint)chunk & 0x3FFF, 7, 2);
    }

    private bool TryFindDeltas()
    {
        var covered = 0;
        var position = 0;
        while (covered < StatusCount)
        {
            if (position + 2 > _chunks.Length)
                return false;
            var count = Decode(BinaryPrimitives.ReadUInt16BigEndian(_chunks[position..])).Count;
            if (count == 0)
                return false;
            covered += count;
            position += 2;
        }

        _deltas = _chunks[position..];
        return true;
    }
}
