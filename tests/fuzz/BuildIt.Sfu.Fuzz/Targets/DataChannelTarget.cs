using System.Buffers.Binary;
using BuildIt.Sfu.Fuzz.Engine;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.DataChannels;
using BuildIt.Sfu.Media.Sctp;

namespace BuildIt.Sfu.Fuzz.Targets;

/// <summary>
/// The channel establishment protocol (RFC 8832) above a connected association: a list of messages (stream, protocol, length, bytes).
/// The requests in it are also read alone, and written again.
/// </summary>
internal sealed class DataChannelTarget : IFuzzTarget
{
    private const int MaxMessages = 40;
    private const byte Reset = 58;

    private readonly SctpSample _sample = new();
    private readonly byte[] _packet = new byte[2048];

    public string Name => "datachannel";

    public int MaxLength => 800;

    public IEnumerable<byte[]> Seeds
    {
        get
        {
            var reliable = OpenMessage.Write("_reliable", DataChannelSettings.Reliable);
            var lossy = OpenMessage.Write("_lossy", DataChannelSettings.Lossy);
            var timed = OpenMessage.Write("täst", new DataChannelSettings { MaxLifetime = TimeSpan.FromSeconds(3), Protocol = "chat" });
            yield return Message(0, 50, reliable);
            yield return [.. Message(0, 50, reliable), .. Message(2, 50, lossy), .. Message(4, 50, timed), .. Message(2, 53, [1, 2]), .. Message(0, 51, "a"u8), .. Message(4, 56, [0])];
            yield return [.. Message(1, 50, [2]), .. Message(0, 50, reliable), .. Message(0, Reset, []), .. Message(0, 50, reliable)];
            yield return [.. Message(3, 50, reliable), .. Message(2, 57, [0])];
        }
    }

    public IReadOnlyList<byte[]> Dictionary { get; } = [[3, 0x81], [3, 0x02], [3, 0x80], "_data_track"u8.ToArray(), [0, 9, 0, 0], [0xC3, 0x28], [1, 0]];

    public void Run(ReadOnlySpan<byte> input)
    {
        var listener = new Listener();
        var channels = _sample.Connected(listener);
        ISctpEvents association = channels;
        for (var count = 0; count < MaxMessages && input.Length >= 3; count++)
        {
            var (stream, ppid) = ((ushort)input[0], (uint)input[1]);
            var message = input[3..Math.Min(input.Length, 3 + input[2])];
            input = input[(3 + message.Length)..];
            if (ppid == Reset)
            {
                association.OnIncomingStreamReset(stream, SctpSample.Start);
                association.OnOutgoingStreamReset(stream, SctpSample.Start);
            }
            else
            {
                association.OnMessage(stream, ppid, message, SctpSample.Start);
            }

            CheckOpen(message);
            Property.Holds(channels.Channels.Count <= 32, "channels are limited");
            Property.Holds(channels.SendBuffered <= SctpSample.Options.SendBuffer, "answers do not pile up");
        }

        foreach (var channel in channels.Channels)
        {
            Property.Holds(channel.Stream % 2 == 0, "the peer opens streams of its own parity only");
            Property.Holds(channel.Label.Length <= 256 && channel.Settings.Protocol.Length <= 256, "texts keep to their maximum");
        }

        var replies = 0;
        while (channels.TryGetOutgoing(_packet, SctpSample.Start, out _))
        {
            Property.Holds(++replies < 256, "answers end");
        }
    }

    private static void CheckOpen(ReadOnlySpan<byte> message)
    {
        if (!OpenMessage.TryRead(message, out var label, out var settings))
        {
            return;
        }

        Property.Holds(settings.MaxRetransmits is null || settings.MaxLifetime is null, "reliability is limited one way at most");
        Property.Holds(settings.MaxRetransmits is null or >= 0, "retransmissions are not negative");
        var written = OpenMessage.Write(label, settings);
        Property.Holds(BinaryPrimitives.ReadUInt16BigEndian(written.AsSpan(8)) + BinaryPrimitives.ReadUInt16BigEndian(written.AsSpan(10)) + 12 == written.Length, "lengths add up");
        if (OpenMessage.TryRead(written, out var label2, out var settings2))
        {
            Property.Holds(label2 == label && settings2 == settings, "what is written is read alike");
        }
        else
        {
            // Bytes that are no UTF-8 grow when they are replaced, and may then be too long.
            Property.Holds(label.Contains('\uFFFD', StringComparison.Ordinal) || settings.Protocol.Contains('\uFFFD', StringComparison.Ordinal), "what is written is read");
        }
    }

    private static byte[] Message(byte stream, byte ppid, ReadOnlySpan<byte> bytes) => [stream, ppid, (byte)bytes.Length, .. bytes];

    private sealed class Listener : IDataChannelEvents
    {
        private readonly HashSet<DataChannel> _open = [];

        public void OnConnected(Instant now)
        {
        }

        public void OnOpen(DataChannel channel, Instant now) => Property.Holds(_open.Add(channel), "a channel opens once");

        public void OnMessage(DataChannel channel, ReadOnlySpan<byte> message, bool isBinary, Instant now) =>
            Property.Holds(_open.Contains(channel), "messages come on open channels");

        public void OnClosed(DataChannel channel, Instant now) => Property.Holds(_open.Remove(channel), "a channel that closes was open");

        public void OnDisconnected(SctpCloseReason reason, Instant now)
        {
        }
    }
}
