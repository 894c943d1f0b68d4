using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.DataChannels;
using BuildIt.Sfu.Media.Sctp;

namespace BuildIt.Sfu.Fuzz.Targets;

/// <summary>
/// A recorded conversation: what a client sends to connect, and then to open channels and to send messages. With the same
/// randomness on our side, its packets connect every new association again.
/// </summary>
internal sealed class SctpSample
{
    public static readonly Instant Start = Instant.FromMilliseconds(1000);

    /// <summary>Small, so that limits are reached by small inputs.</summary>
    public static readonly SctpOptions Options = new() { ReceiveBuffer = 8 * 1024, MaxMessageSize = 4 * 1024, SendBuffer = 16 * 1024, MaxStreams = 64 };

    private static readonly byte[] Buffer = new byte[2048];

    public SctpSample()
    {
        var server = NewServer(new Quiet());
        var client = new DataChannelSet(Options, new SeededRandom(2), isDtlsClient: true, new Quiet());
        client.Connect(Start);
        Handshake = Exchange(client, server);
        client.Open("_reliable", DataChannelSettings.Reliable);
        var lossy = client.Open("_lossy", DataChannelSettings.Lossy)!;
        Conversation.AddRange(Exchange(client, server));
        client.Send(lossy, new byte[3000], true, Start);
        client.Send(lossy, "text"u8, false, Start);
        client.Send(lossy, [], false, Start);
        Conversation.AddRange(Exchange(client, server));
        client.CloseChannel(lossy);
        Conversation.AddRange(Exchange(client, server));
        client.Close(Start);
        Conversation.AddRange(Exchange(client, server));
        CommonHeader = [.. Conversation[0][..8], 0, 0, 0, 0];
    }

    /// <summary>The packets that connect.</summary>
    public IReadOnlyList<byte[]> Handshake { get; }

    /// <summary>What follows, a whole packet each.</summary>
    public List<byte[]> Conversation { get; } = [];

    /// <summary>Ports, verification tag and checksum (0) of the client's packets.</summary>
    public byte[] CommonHeader { get; }

    /// <summary>An association in the state in which every input finds it.</summary>
    public DataChannelSet Connected(IDataChannelEvents events)
    {
        var server = NewServer(events);
        foreach (var packet in Handshake)
        {
            server.Handle(packet, Start);
            while (server.TryGetOutgoing(Buffer, Start, out _))
            {
            }
        }

        return server;
    }

    private static DataChannelSet NewServer(IDataChannelEvents events) => new(Options, new SeededRandom(1), isDtlsClient: false, events);

    private static List<byte[]> Exchange(DataChannelSet client, DataChannelSet server)
    {
        var sent = new List<byte[]>();
        for (var round = 0; round < 10; round++)
        {
            while (client.TryGetOutgoing(Buffer, Start, out var length))
            {
                sent.Add(Buffer[..length]);
                server.Handle(Buffer.AsSpan(0, length), Start);
            }

            while (server.TryGetOutgoing(Buffer, Start, out var length))
            {
                client.Handle(Buffer.AsSpan(0, length), Start);
            }
        }

        return sent;
    }

    private sealed class Quiet : IDataChannelEvents
    {
        public void OnConnected(Instant now)
        {
        }

        public void OnOpen(DataChannel channel, Instant now)
        {
        }

        public void OnMessage(DataChannel channel, ReadOnlySpan<byte> message, bool isBinary, Instant now)
        {
        }

        public void OnClosed(DataChannel channel, Instant now)
        {
        }

        public void OnDisconnected(SctpCloseReason reason, Instant now)
        {
        }
    }
}
