using System.Buffers.Binary;
using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Sctp;

/// <summary>
/// The receiving half of an association: takes chunks, has messages delivered, and says what has arrived (SACK, RFC 9260 section 6.2). Holds
/// no more than twice <see cref="SctpOptions.ReceiveBuffer"/>.
/// </summary>
internal sealed class SctpReceiver(SctpOptions options, uint peerTsn, Reassembly.Deliver deliver)
{
    private readonly ReceivedTsns _received = new(peerTsn);
    private readonly Reassembly _reassembly = new(options, deliver);
    private bool _sackDue;
    private bool _sackAtOnce;
    private bool _ended;

    /// <summary>When a SACK that waits for more to acknowledge is due.</summary>
    public Instant Timer { get; private set; } = Instant.Never;

    /// <summary>Bytes that wait for missing ones, with a charge for each fragment.</summary>
    public int Held => _reassembly.Held;

    /// <summary>Everything up to here has arrived or was skipped.</summary>
    public uint Cumulative => _received.Cumulative;

    /// <summary>Takes a DATA chunk. False when the peer broke the protocol.</summary>
    public bool TakeData(in Chunk chunk)
    {
        var value = chunk.Value;
        if (value.Length < 13)
        {
            // RFC 9260 section 6.2: a DATA chunk without user data.
            return false;
        }

        var data = new DataChunk
        {
            Tsn = BinaryPrimitives.ReadUInt32BigEndian(value),
            Stream = BinaryPrimitives.ReadUInt16BigEndian(value[4..]),
            Ssn = BinaryPrimitives.ReadUInt16BigEndian(value[6..]),
            Ppid = BinaryPrimitives.ReadUInt32BigEndian(value[8..]),
            Flags = chunk.Flags,
            Payload = value[12..],
        };
        _sackAtOnce |= (chunk.Flags & SctpConstants.FlagImmediate) != 0;
        if (!_received.IsNew(data.Tsn, out var duplicate))
        {
            if (duplicate)
            {
                _received.NoteDuplicate(data.Tsn);
            }

            _sackAtOnce = true;
            return true;
        }

        // With the window full only the chunk that everything waits for is taken (section 6.2), unless it would wait itself.
        if (_reassembly.Held >= options.ReceiveBuffer && (data.Tsn != _received.Cumulative + 1 || _reassembly.IsHeld(data.Stream)))
        {
            _sackAtOnce = true;
            return true;
        }

        _received.Add(data.Tsn);

        // One of a stream that there is not is acknowledged and dropped (section 6.5).
        return data.Stream >= options.MaxStreams
            || (_reassembly.Add(data, _received.Cumulative) && _reassembly.Held <= 2 * options.ReceiveBuffer);
    }

    /// <summary>Takes a FORWARD TSN chunk (RFC 3758 section 3.6).</summary>
    public void TakeForwardTsn(ReadOnlySpan<byte> value)
    {
        if (value.Length < 4)
        {
            return;
        }

        _sackAtOnce = true;
        var tsn = BinaryPrimitives.ReadUInt32BigEndian(value);
        if (Serial.LessOrEqual(tsn, _received.Cumulative))
        {
            return;
        }

        _received.SkipTo(tsn);
        _reassembly.Skip(tsn, _received.Cumulative);
        for (var list = value[4..]; list.Length >= 4 && !_ended; list = list[4..])
        {
            var stream = BinaryPrimitives.ReadUInt16BigEndian(list);
            if (stream < options.MaxStreams)
            {
                _reassembly.Skip(stream, BinaryPrimitives.ReadUInt16BigEndian(list[2..]));
            }
        }
    }

    /// <summary>A packet with data was taken: it is acknowledged with the next, or sooner with gaps (RFC 9260 section 6.2).</summary>
    public void PacketTaken(Instant now)
    {
        if (_sackAtOnce || _received.HasGaps || Timer != Instant.Never)
        {
            _sackDue = true;
            _sackAtOnce = false;
            Timer = Instant.Never;
        }
        else if (!_sackDue)
        {
            Timer = now + options.SackDelay;
        }
    }

    public void HandleTimeout(Instant now)
    {
        if (now >= Timer)
        {
            Timer = Instant.Never;
            _sackDue = true;
        }
    }

    /// <summary>Keeps the ordered messages of a stream back, or delivers them again.</summary>
    public void Hold(ushort stream, bool held)
    {
        if (_reassembly.IsHeld(stream) == held)
        {
            return;
        }

        _reassembly.Hold(stream, held);

        // The window has opened: the peer would learn of it only by its own probe.
        _sackDue |= !held;
    }

    /// <summary>The peer begins a stream anew; null for all.</summary>
    public void Reset(ushort? stream)
    {
        if (stream is { } one)
        {
            _reassembly.Reset(one);
        }
        else
        {
            _reassembly.ResetAll();
        }
    }

    /// <summary>Appends a SACK when it is due.</summary>
    public void Write(ref SctpPacketWriter packet)
    {
        if (_sackDue)
        {
            _sackDue = false;
            Timer = Instant.Never;
            var window = Math.Max(0, options.ReceiveBuffer - _reassembly.Held);
            _received.WriteSack(packet.Chunk(ChunkType.Sack, 0, _received.SackLength(packet.Room)), (uint)window);
        }
    }

    /// <summary>Gives every buffer back. Nothing is taken any more.</summary>
    public void End()
    {
        _ended = true;
        Timer = Instant.Never;
        _reassembly.Clear();
    }
}
