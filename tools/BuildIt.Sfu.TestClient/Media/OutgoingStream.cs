using System.Buffers.Binary;
using System.Text;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Receiving;
using BuildIt.Sfu.Media.Rtcp;
using BuildIt.Sfu.Media.Rtp;
using BuildIt.Sfu.Media.Sdp.Negotiation;
using BuildIt.Sfu.Net.Timing;
using BuildIt.Sfu.TestClient.Network;

namespace BuildIt.Sfu.TestClient.Media;

/// <summary>One RTP stream going out, with the stream that repairs it (RFC 4588). Used on one loop.</summary>
internal sealed class OutgoingStream
{
    private const int HistoryBytes = 512 * 1024;

    // The node learns from the first packets which stream this is; later ones need not say (RFC 8852 section 3).
    private const int IdentifiedPackets = 200;

    // The history's numbers are positive.
    private const long FirstCircle = 0x1_0000;

    private readonly ClientConnection _connection;
    private readonly PacketHistory _history = new(HistoryBytes);
    private readonly byte[] _mid;
    private readonly byte[] _rid;
    private readonly byte[] _scratch = new byte[1500];
    private int _headerLength;
    private PacketIndex _repairIndex;
    private long _sequence;
    private uint _lastTimestamp;
    private Instant _lastSent;

    public OutgoingStream(ClientConnection connection, string mid, string rid, int clockRate)
    {
        _connection = connection;
        _mid = Encoding.ASCII.GetBytes(mid);
        _rid = Encoding.ASCII.GetBytes(rid);
        ClockRate = clockRate;
        Ssrc = new Ssrc(connection.NextRandom() | 1);
        RepairSsrc = new Ssrc(connection.NextRandom() | 1);

        // Half the range at most, so that the first packets do not wrap before the peer has seen any (RFC 3711 section 3.3.1).
        _sequence = FirstCircle + (connection.NextRandom() & 0x7FFF);
        _repairIndex = new PacketIndex(connection.NextRandom() & 0x7FFF);
    }

    public Ssrc Ssrc { get; }

    public Ssrc RepairSsrc { get; }

    public int ClockRate { get; }

    public byte PayloadType { get; set; }

    public byte RepairPayloadType { get; set; }

    public ExtensionIds Extensions { get; set; }

    public long Packets { get; private set; }

    public long Bytes { get; private set; }

    public long Resent { get; private set; }

    /// <summary>Where the payload is to be written; empty when nothing can be sent. Ends with <see cref="Commit"/>.</summary>
    public Span<byte> Begin(uint timestamp, bool marker, bool stampCapture, int audioLevel, int maxPayload, Instant now)
    {
        if (!_connection.Transport.IsConnected)
        {
            return default;
        }

        var writer = new RtpHeaderWriter(_scratch, PayloadType, marker, new((ushort)_sequence), new(timestamp), Ssrc);
        if (Extensions.TransportCc != 0)
        {
            BinaryPrimitives.WriteUInt16BigEndian(_scratch.AsSpan(writer.Add(Extensions.TransportCc, 2)), _connection.NextTransportSequence());
        }

        if (Packets < IdentifiedPackets && Extensions.Mid != 0)
        {
            writer.Add(Extensions.Mid, _mid);
        }

        if (Packets < IdentifiedPackets && Extensions.Rid != 0 && _rid.Length > 0)
        {
            writer.Add(Extensions.Rid, _rid);
        }

        if (audioLevel >= 0 && Extensions.AudioLevel != 0)
        {
            // RFC 6464 section 3: the first bit says that this is voice.
            _scratch[writer.Add(Extensions.AudioLevel, 1)] = (byte)(audioLevel | (audioLevel < 127 ? 0x80 : 0));
        }

        if (stampCapture && Extensions.AbsCaptureTime != 0)
        {
            BinaryPrimitives.WriteUInt64BigEndian(_scratch.AsSpan(writer.Add(Extensions.AbsCaptureTime, 8)), CaptureClock.ToNtp(MonotonicClock.Read()));
        }

        _headerLength = writer.Finish();
        _lastTimestamp = timestamp;
        _lastSent = now;
        return _scratch.AsSpan(_headerLength, maxPayload);
    }

    public void Commit(int payloadLength, Instant now)
    {
        var packet = _scratch.AsSpan(0, _headerLength + payloadLength);
        if (RepairPayloadType != 0)
        {
            _history.Add(_sequence, packet, default, now);
        }

        var index = new PacketIndex((ulong)(_sequence++ - FirstCircle));
        Packets++;
        Bytes += packet.Length;
        _connection.Transport.SendRtp(packet, index);
    }

    /// <summary>Sends a packet again, when it is still there and retransmission was agreed on.</summary>
    public void Resend(SequenceNumber wanted)
    {
        var sequence = _sequence - 1 + wanted.DistanceFrom(new((ushort)(_sequence - 1)));
        if (RepairPayloadType == 0 || !_history.TryGet(sequence, out var packet, out _))
        {
            return;
        }

        var destination = _scratch.AsSpan();
        var writer = new RtpHeaderWriter(destination, RepairPayloadType, packet.Marker, _repairIndex.Sequence, packet.Timestamp, RepairSsrc);
        if (Extensions.TransportCc != 0)
        {
            BinaryPrimitives.WriteUInt16BigEndian(destination[writer.Add(Extensions.TransportCc, 2)..], _connection.NextTransportSequence());
        }

        if (Extensions.Mid != 0)
        {
            writer.Add(Extensions.Mid, _mid);
        }

        if (Extensions.RepairedRid != 0 && _rid.Length > 0)
        {
            writer.Add(Extensions.RepairedRid, _rid);
        }

        var position = writer.Finish();
        BinaryPrimitives.WriteUInt16BigEndian(destination[position..], packet.SequenceNumber.Value);
        packet.Payload.CopyTo(destination[(position + RtxPacket.HeaderLength)..]);
        Resent++;
        _connection.Transport.SendRtp(destination[..(position + RtxPacket.HeaderLength + packet.PayloadLength)], _repairIndex);
        _repairIndex += 1;
    }

    /// <summary>Sender information for a report at <paramref name="now"/>; false before the first packet.</summary>
    public bool TryReport(Instant now, out SenderInfo info)
    {
        var elapsed = (now - _lastSent).TotalSeconds * ClockRate;
        info = new SenderInfo(
            Ssrc, new NtpTime(CaptureClock.ToNtp(now)), new RtpTimestamp(_lastTimestamp + (uint)elapsed), (uint)Packets, (uint)Bytes);
        return Packets > 0;
    }
}
