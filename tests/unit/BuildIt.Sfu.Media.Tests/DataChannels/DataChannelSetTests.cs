using System.Text;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.DataChannels;
using BuildIt.Sfu.Media.Sctp;
using BuildIt.Sfu.Media.Tests.Sctp;

namespace BuildIt.Sfu.Media.Tests.DataChannels;

public class DataChannelSetTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(5);
    private readonly End _client = new(1, isDtlsClient: true);
    private readonly End _node = new(2, isDtlsClient: false);

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 0.2)]
    public void Both_sides_open_channels_and_talk(int seed, double loss)
    {
        var path = Connected(seed, loss);
        var fromClient = _client.Set.Open("_reliable", DataChannelSettings.Reliable)!;
        var lossy = _client.Set.Open("_lossy", DataChannelSettings.Lossy)!;
        var fromNode = _node.Set.Open("_data_track", DataChannelSettings.Lossy)!;

        // A message may follow its OPEN at once (RFC 8832 section 6).
        Assert.Equal(SctpSendResult.Queued, _client.Set.Send(fromClient, "hello"u8, isBinary: false, path.Now));
        Assert.Equal(SctpSendResult.Queued, _client.Set.Send(fromClient, [], isBinary: true, path.Now));
        Assert.Equal(SctpSendResult.Queued, _client.Set.Send(fromClient, [], isBinary: false, path.Now));
        Assert.Equal(SctpSendResult.Queued, _client.Set.Send(fromClient, new byte[65535], isBinary: true, path.Now));
        Assert.True(path.RunUntil(() => _node.Messages.Count == 4 && _client.Set.Find("_data_track")?.State == DataChannelState.Open, Long));
        Assert.True(path.RunUntil(() => new[] { fromClient, lossy, fromNode }.All(channel => channel.State == DataChannelState.Open), Long));

        Assert.Equal([("_reliable", 5, false), ("_reliable", 0, true), ("_reliable", 0, false), ("_reliable", 65535, true)], _node.Messages);
        Assert.Equal((0, 2, 1), (fromClient.Stream, lossy.Stream, fromNode.Stream));
        var seen = _node.Set.Find("_lossy")!;
        Assert.Equal((false, 0), (seen.Settings.Ordered, seen.Settings.MaxRetransmits!.Value));
        Assert.True(_node.Set.Find("_reliable")!.Settings is { Ordered: true, IsPartiallyReliable: false });

        Assert.Equal(SctpSendResult.Queued, _node.Set.Send(_node.Set.Find("_reliable")!, "back"u8, isBinary: true, path.Now));
        Assert.True(path.RunUntil(() => _client.Messages.Contains(("_reliable", 4, true)), Long));
    }

    [Fact]
    public void Closing_resets_both_directions_and_frees_the_stream()
    {
        var path = Connected(1, 0.1);
        var channel = _client.Set.Open("_reliable", DataChannelSettings.Reliable)!;
        _client.Set.Send(channel, "last"u8, isBinary: true, path.Now);
        Assert.True(path.RunUntil(() => _node.Set.Find("_reliable") is not null, Long));

        _node.Set.CloseChannel(_node.Set.Find("_reliable")!);

        Assert.True(path.RunUntil(() => _client.Closed.Count == 1 && _node.Closed.Count == 1, Long));
        Assert.Equal(DataChannelState.Closed, channel.State);
        Assert.Equal(SctpSendResult.StreamUnavailable, _client.Set.Send(channel, "x"u8, isBinary: true, path.Now));
        var again = _client.Set.Open("again", DataChannelSettings.Reliable)!;
        Assert.Equal(channel.Stream, again.Stream);
        _client.Set.Send(again, "new"u8, isBinary: false, path.Now);
        Assert.True(path.RunUntil(() => _node.Messages.Contains(("again", 3, false)), Long));
    }

    [Fact]
    public void A_full_lossy_channel_refuses_and_a_reliable_one_still_takes()
    {
        var path = Connected(1, 0);
        var lossy = _client.Set.Open("_lossy", DataChannelSettings.Lossy)!;
        var reliable = _client.Set.Open("_reliable", DataChannelSettings.Reliable)!;
        var taken = 0;
        while (_client.Set.Send(lossy, new byte[1000], isBinary: true, path.Now) == SctpSendResult.Queued)
        {
            taken++;
        }

        Assert.InRange(taken, 100, 135);
        Assert.InRange(_client.Set.BufferedAmount(lossy), 100_000, DataChannelSettings.Lossy.MaxBuffered);
        Assert.Equal(SctpSendResult.Queued, _client.Set.Send(reliable, new byte[1000], isBinary: true, path.Now));
        _client.Set.PeerMaxMessageSize = 1000;
        Assert.Equal(SctpSendResult.TooLarge, _client.Set.Send(reliable, new byte[1001], isBinary: true, path.Now));

        // Streams take turns: the reliable message does not wait for the whole lossy queue.
        Assert.True(path.RunUntil(() => _node.Messages.Exists(message => message.Label == "_reliable"), Long));
        Assert.True(_node.Messages.Count < 20, $"{_node.Messages.Count} came first");
    }

    [Fact]
    public void The_number_of_channels_a_peer_may_open_is_bounded()
    {
        var path = Connected(1, 0);
        for (var i = 0; i < 40; i++)
        {
            _client.Set.Open($"channel {i}", DataChannelSettings.Reliable);
        }

        path.RunUntil(() => false, TimeSpan.FromSeconds(5));
        Assert.Equal(32, _node.Set.Channels.Count);
    }

    [Theory]
    [InlineData("03")]
    [InlineData("03000000000000000005000061")]
    [InlineData("030500000000000000010000 61")]
    [InlineData("0300000000000000FFFFFFFF")]
    [InlineData("FF")]
    public void Malformed_openings_open_nothing(string hex)
    {
        var bytes = Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
        var set = (ISctpEvents)_node.Set;

        set.OnMessage(0, 50, bytes, Instant.Zero);
        set.OnMessage(0, 50, [], Instant.Zero);
        set.OnMessage(0, 53, bytes, Instant.Zero);

        Assert.Empty(_node.Set.Channels);
        Assert.Empty(_node.Messages);
    }

    private EmulatedPath Connected(int seed, double loss)
    {
        var path = new EmulatedPath(_client, _node, new PathQuality { Loss = loss }, seed);
        _client.Set.Connect(path.Now);
        _node.Set.Connect(path.Now);
        Assert.True(path.RunUntil(() => _client.IsConnected && _node.IsConnected, Long));
        return path;
    }

    private sealed class End : IDataChannelEvents, IPathEnd
    {
        public End(int seed, bool isDtlsClient) => Set = new DataChannelSet(SctpOptions.Default, new SeededRandom(seed), isDtlsClient, this);

        public DataChannelSet Set { get; }

        public bool IsConnected { get; private set; }

        public List<(string Label, int Length, bool IsBinary)> Messages { get; } = [];

        public List<string> Closed { get; } = [];

        public Instant NextDeadline => Set.NextDeadline;

        public void Handle(ReadOnlySpan<byte> packet, Instant now) => Set.Handle(packet, now);

        public void HandleTimeout(Instant now) => Set.HandleTimeout(now);

        public bool TryGetOutgoing(Span<byte> buffer, Instant now, out int written) => Set.TryGetOutgoing(buffer, now, out written);

        public void OnConnected(Instant now) => IsConnected = true;

        public void OnOpen(DataChannel channel, Instant now) => Assert.Equal(DataChannelState.Open, channel.State);

        public void OnMessage(DataChannel channel, ReadOnlySpan<byte> message, bool isBinary, Instant now)
        {
            if (!isBinary && message.Length == 5)
            {
                Assert.Equal("hello", Encoding.UTF8.GetString(message));
            }

            Messages.Add((channel.Label, message.Length, isBinary));
        }

        public void OnClosed(DataChannel channel, Instant now) => Closed.Add(channel.Label);

        public void OnDisconnected(SctpCloseReason reason, Instant now) => Assert.Fail($"disconnected: {reason}");
    }
}
