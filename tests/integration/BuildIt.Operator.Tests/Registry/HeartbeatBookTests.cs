using BuildIt.Operator.Registry;
using BuildIt.Sfu.Contracts;

namespace BuildIt.Operator.Tests.Registry;

public sealed class HeartbeatBookTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_value_that_merely_lies_there_does_not_count_as_heard()
    {
        var book = new HeartbeatBook();
        book.Read([Beat("a", 1)], false, Start);
        book.Read([Beat("a", 1)], false, Start.AddSeconds(3));
        Assert.Equal(Start, book.Nodes["a"].At);
        book.Read([Beat("a", 2)], false, Start.AddSeconds(4));
        Assert.Equal(Start.AddSeconds(4), book.Nodes["a"].At);
    }

    [Fact]
    public void Reachability_counts_anew_after_a_miss_and_after_a_loss_of_data()
    {
        var book = new HeartbeatBook();
        Assert.Null(book.ReachableSince);
        book.Read([Beat("a", 1)], false, Start);
        book.Read([Beat("a", 2)], false, Start.AddSeconds(1));
        Assert.Equal(Start, book.ReachableSince);
        Assert.Equal(["fleet"], book.Miss());
        Assert.Null(book.ReachableSince);
        Assert.Empty(book.Miss());
        book.Read([], false, Start.AddSeconds(3));
        Assert.Equal(Start.AddSeconds(3), book.ReachableSince);
        Assert.Equal(["fleet"], book.Read([], true, Start.AddSeconds(5)));
        Assert.Equal(Start.AddSeconds(5), book.ReachableSince);
        Assert.True(book.Nodes.ContainsKey("a"), "what was known stays known");
    }

    [Fact]
    public void Only_what_matters_is_news()
    {
        var book = new HeartbeatBook();
        Assert.Equal(["fleet"], book.Read([Beat("a", 1)], false, Start));
        Assert.Empty(book.Read([Beat("a", 2)], false, Start.AddSeconds(1)));
        Assert.Empty(book.Read([Beat("a", 3) with { Load = new NodeLoad { EgressBitsPerSecond = 1_000_000 } }], false, Start.AddSeconds(2)));
        Assert.NotEmpty(book.Read([Beat("a", 4) with { Load = new NodeLoad { Participants = 1 } }], false, Start.AddSeconds(3)));
        Assert.NotEmpty(book.Read([Beat("a", 5) with { State = NodeState.Draining, Load = new NodeLoad { Participants = 1 } }], false, Start.AddSeconds(4)));
        var report = new RoomReport { Room = new RoomId("r"), Generation = 1, EndRequested = true };
        Assert.NotEmpty(book.Read([Beat("a", 6) with { State = NodeState.Draining, Load = new NodeLoad { Participants = 1 }, Rooms = [report] }], false, Start.AddSeconds(5)));
    }

    private static Heartbeat Beat(string node, long sequence) => new()
    {
        Node = new NodeId(node),
        Namespace = "ns",
        Cluster = "fleet",
        Region = "test-1",
        Revision = "r",
        State = NodeState.Serving,
        Load = NodeLoad.None,
        Capacity = NodeCapacity.Default,
        Endpoints = new NodeEndpoints { Signal = "http://10.0.0.1:7880", Control = "https://10.0.0.1:7883" },
        StartedAt = Start,
        Sequence = sequence,
    };
}
