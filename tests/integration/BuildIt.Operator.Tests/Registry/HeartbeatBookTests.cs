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

    [Fact]
    public void A_restarted_process_is_heard_although_its_clock_has_gone_back()
    {
        var book = new HeartbeatBook();
        book.Read([Beat("a", 40) with { Boot = "first" }], false, Start);
        book.Read([Beat("a", 1) with { Boot = "second", StartedAt = Start.AddHours(-1) }], false, Start.AddSeconds(1));
        Assert.Equal(("second", Start.AddSeconds(1)), (book.Nodes["a"].Heartbeat.Boot, book.Nodes["a"].At));
    }

    [Fact]
    public void The_process_before_is_not_heard_again_from_a_registry_that_was_set_back()
    {
        var book = new HeartbeatBook();
        book.Read([Beat("a", 40) with { Boot = "first" }], false, Start);
        book.Read([Beat("a", 1) with { Boot = "second" }], false, Start.AddSeconds(1));
        book.Read([Beat("a", 40) with { Boot = "first" }], false, Start.AddSeconds(2));
        Assert.Equal("second", book.Nodes["a"].Heartbeat.Boot);
    }

    [Fact]
    public void That_a_node_refuses_a_room_is_news()
    {
        var book = new HeartbeatBook();
        book.Read([Beat("a", 1)], false, Start);
        var fence = new RoomFence { Room = new RoomId("r"), Generation = 2 };
        Assert.NotEmpty(book.Read([Beat("a", 2) with { Fences = [fence] }], false, Start.AddSeconds(1)));
        Assert.Empty(book.Read([Beat("a", 3) with { Fences = [fence] }], false, Start.AddSeconds(2)));
        Assert.NotEmpty(book.Read([Beat("a", 4)], false, Start.AddSeconds(3)));
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
