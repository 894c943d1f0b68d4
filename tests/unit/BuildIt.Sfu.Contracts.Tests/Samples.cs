namespace BuildIt.Sfu.Contracts.Tests;

internal static class Samples
{
    public static Heartbeat Heartbeat() => new()
    {
        Node = new NodeId("east-7f9c-x2k4p"),
        Namespace = "calls",
        Cluster = "east",
        Region = "us-east-1",
        Revision = "7f9c",
        State = NodeState.Serving,
        Load = new NodeLoad { Rooms = 1, Participants = 12, Publishers = 10, Subscribers = 12, EgressBitsPerSecond = 5_000_000_000 },
        Capacity = NodeCapacity.Default,
        Endpoints = new NodeEndpoints { Signal = "http://10.0.0.5:7880", Control = "https://10.0.0.5:7883" },
        StartedAt = DateTimeOffset.Parse("2026-01-01T00:00:00Z", System.Globalization.CultureInfo.InvariantCulture),
        Sequence = 3,
        Rooms = [new RoomReport { Room = new RoomId("r1"), Generation = 2, Participants = 12 }],
    };

    public static RoomRoute Route() => new()
    {
        Room = new RoomId("r1"),
        Node = new NodeId("a"),
        Generation = 4,
        Endpoint = "http://10.0.0.5:7880",
        Previous = new NodeId("b"),
        State = RoomRouteState.Migrating,
        Edges = [new RoomEdge { Node = new NodeId("c"), Region = "eu", Parent = new NodeId("a"), Endpoint = "http://10.1.0.5:7880" }],
    };
}
