using System.Buffers.Binary;
using BuildIt.Sfu.Fuzz.Engine;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.DataChannels;
using BuildIt.Sfu.Media.Sctp;

namespace BuildIt.Sfu.Fuzz.Targets;

/// <summary>
/// A connected association and what a hostile peer may put into it, chunk by chunk and over time. An input is a list of steps:
/// one byte what to do, one byte how long the rest of the step is.
/// </summary>
internal sealed class SctpTarget : IFuzzTarget
{
    private const int MaxSteps = 24;
    private const int MaxReplies = 256;

    private readonly SctpSample _sample = new();
    private readonly byte[] _packet = new byte[2048];
    private readonly byte[] _reply = new byte[2048];

    public string Name => "sctp";

    public int MaxLength => 1024;

    public long MaxAllocated => 4 * 1024 * 1024;

    public IEnumerable<byte[]> Seeds
    {
        get
        {
            var all = new List<byte>();
            foreach (var packet in _sample.Conversation)
            {
                var step = Step(packet);
                yield return step;
                all.AddRange(step);
                yield return [.. all];
            }

            foreach (var packet in _sample.Handshake)
            {
                yield return Step(packet);
            }

            // FORWARD-TSN, RE-CONFIG (outgoing and incoming reset), HEARTBEAT, SACK with a gap, SHUTDOWN, ERROR, ABORT.
            yield return Step([.. new byte[12], 192, 0, 0, 12, .. Tsn(3), 0, 1, 0, 1]);
            yield return Step([.. new byte[12], 130, 0, 0, 22, 0, 13, 0, 18, .. Tsn(0), 0, 0, 0, 0, .. Tsn(2), 0, 2, 0, 0]);
            yield return Step([.. new byte[12], 130, 0, 0, 14, 0, 14, 0, 10, .. Tsn(0), 0, 1, 0, 0]);
            yield return Step([.. new byte[12], 4, 0, 0, 12, 0, 1, 0, 8, 1, 2, 3, 4]);
            yield return Step([.. new byte[12], 3, 0, 0, 20, .. Tsn(0), 0, 0, 16, 0, 0, 1, 0, 0, 0, 2, 0, 3]);
            yield return [.. Step([.. new byte[12], 7, 0, 0, 8, .. Tsn(0)]), 7, 1, 255, .. Step([.. new byte[12], 14, 0, 0, 4])];
            yield return Step([.. new byte[12], 9, 0, 0, 8, 0, 1, 0, 4]);
            yield return Step([.. new byte[12], 6, 0, 0, 4]);
        }
    }

    public IReadOnlyList<byte[]> Dictionary =>
        [Tsn(0), Tsn(1), Tsn(2), Tsn(5), Tsn(-1), [0, 3, 0, 20], [0, 0, 0, 50], [0, 0, 0, 51], [0, 0, 0, 53], [192, 0, 0, 12], [130, 0, 0, 20], [0, 13, 0, 18], [3, 0, 0, 16], [7, 1, 255], [0x03, 0x00, 0, 0]];

    public void Run(ReadOnlySpan<byte> input)
    {
        var events = new Listener();
        var server = _sample.Connected(events);
        var now = SctpSample.Start;
        for (var step = 0; step < MaxSteps && input.Length >= 2; step++)
        {
            var kind = input[0] & 7;
            var body = input[2..Math.Min(input.Length, 2 + input[1])];
            input = input[(2 + body.Length)..];
            switch (kind)
            {
                case 7:
                    now += TimeSpan.FromMilliseconds(body.IsEmpty ? 1 : body[0] * 20);
                    if (server.NextDeadline <= now)
                    {
                        server.HandleTimeout(now);
                    }

                    break;
                case 6:
                    server.Handle(body, now);
                    break;
                default:
                    _sample.CommonHeader.CopyTo(_packet, 0);
                    body.CopyTo(_packet.AsSpan(12));
                    server.Handle(_packet.AsSpan(0, 12 + body.Length), now);
                    break;
            }

            Drain(server, now);
            Property.Holds(server.ReceiveBuffered <= 2 * SctpSample.Options.ReceiveBuffer, "what is held for the peer stays within twice the window");
            Property.Holds(server.SendBuffered <= 2 * SctpSample.Options.SendBuffer, "what waits to be sent stays within its buffer");
            Property.Holds(server.Channels.Count <= 64, "channels are limited");
        }

        if (events.IsClosed)
        {
            Property.Holds(server.Channels.Count == 0, "no channel outlives the association");
            Property.Holds(server.ReceiveBuffered == 0, "nothing is held for an association that is over");
        }
    }

    private void Drain(DataChannelSet server, Instant now)
    {
        var replies = 0;
        while (server.TryGetOutgoing(_reply, now, out var length))
        {
            Property.Holds(++replies <= MaxReplies, "one packet does not bring hundreds of replies");
            Property.Holds(length <= SctpSample.Options.MaxPacketSize, "a packet keeps to its maximum");
            var packet = _reply.AsSpan(0, length);
            Property.Holds(SctpPacketReader.TryOpen(packet, out var reader), "what is sent parses");
            var checksum = SctpChecksum.Read(packet);
            Property.Holds(checksum == 0 || checksum == SctpChecksum.Compute(packet), "what is sent has a right checksum, or none");
            var chunks = 0;
            while (reader.TryNext(out _))
            {
                chunks++;
            }

            Property.Holds(chunks > 0, "what is sent holds a chunk");
        }
    }

    // The length of a step is one byte, so a long packet becomes a truncated one.
    private static byte[] Step(byte[] packet)
    {
        var chunks = packet.AsSpan(12, Math.Min(255, packet.Length - 12));
        return [0, (byte)chunks.Length, .. chunks];
    }

    /// <summary>The client's first sequence number and those near it; DATA starts with it after the chunk header.</summary>
    private byte[] Tsn(int offset)
    {
        var first = BinaryPrimitives.ReadUInt32BigEndian(_sample.Conversation[0].AsSpan(16));
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, first + (uint)offset);
        return bytes;
    }

    private sealed class Listener : IDataChannelEvents
    {
        public bool IsClosed { get; private set; }

        public void OnConnected(Instant now) => Property.Holds(!IsClosed, "an association that is over does not connect again");

        public void OnOpen(DataChannel channel, Instant now) => Property.Holds(!IsClosed, "no channel opens after the end");

        public void OnMessage(DataChannel channel, ReadOnlySpan<byte> message, bool isBinary, Instant now)
        {
            Property.Holds(!IsClosed, "no message comes after the end");
            Property.Holds(message.Length <= SctpSample.Options.MaxMessageSize, "a message keeps to its maximum");
        }

        public void OnClosed(DataChannel channel, Instant now)
        {
        }

        public void OnDisconnected(SctpCloseReason reason, Instant now)
        {
            Property.Holds(!IsClosed, "an association ends once");
            IsClosed = true;
        }
    }
}
