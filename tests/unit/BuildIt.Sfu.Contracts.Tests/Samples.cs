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
        Rooms = [new RoomReport { Room = new RoomId("r1"), Generation = 2, Participants = 12, ParentConnected = false, ParentSilentSeconds = 1.2, Arrivals = [new RegionArrivals { Region = "eu", Participants = 5, Publishers = 1 }], Relays = [new RelayedBytes { Cluster = "west", SentBytes = 7 }] }],
        Links = [Link()],
        LinkAllowances = [new LinkAllowanceReport { Cluster = "mid", WantedBitsPerSecond = 3_000_000_000, AllowedBitsPerSecond = 1_000_000_000 }],
    };

    public static LinkReport Link() => new()
    {
        Peer = new NodeId("mid-7f9c-aaaaa"),
        State = LinkState.Up,
        Ordered = true,
        RoundTripMilliseconds = 80.5,
        JitterMilliseconds = 1.5,
        LossFraction = 0.01,
        BandwidthBitsPerSecond = 10_000_000_000,
        Rooms = 3,
        SentBytes = 1L << 40,
        ReceivedBytes = 7,
        SilentSeconds = 0.2,
    };

    public static LinkOrders Orders() => new()
    {
        Links =
        [
            new LinkOrder
            {
                Peer = new NodeId("mid-7f9c-aaaaa"),
                Cluster = "mid",
                Region = "eu",
                Opens = true,
                Relay = "10.1.0.5:7884",
                RelayOutside = "203.0.113.7:7884",
                RelayFingerprint = "00ff",
                IntervalMilliseconds = 500,
            },
        ],
        Allowances = [new LinkAllowance { Cluster = "mid", BitsPerSecond = 1_000_000_000 }],
    };

    public static RoomSeat Origin(string node) => new()
    {
        Node = new NodeId(node),
        Region = "us",
        Cluster = "east",
        Role = SeatRole.Origin,
        Endpoint = $"http://{node}:7880",
        Relay = $"{node}:7884",
    };

    public static RoomSeat Edge(string node, string parent) => Origin(node) with
    {
        Region = "eu",
        Cluster = "mid",
        Role = SeatRole.Edge,
        Parent = new NodeId(parent),
        MaxLinkBitsPerSecond = 10_000_000,
    };

    public static RoomRoute Route() => new()
    {
        Room = new RoomId("r1"),
        Node = new NodeId("a"),
        Generation = 4,
        Endpoint = "http://10.0.0.5:7880",
        Previous = new NodeId("b"),
        State = RoomRouteState.Migrating,
        Sid = "RM_abcdefghjkmn",
        Revision = 2,
        Seats = [Origin("a"), Edge("c", "a")],
    };
}
