using System.Text;
using System.Text.Json.Serialization.Metadata;
using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Fuzz.Engine;

namespace BuildIt.Sfu.Fuzz.Targets;

/// <summary>The JSON that nodes, operator and room API exchange. What is accepted is written, read, and written alike.</summary>
internal sealed class ContractsTarget : IFuzzTarget
{
    private readonly Action<byte[]>[] _readers =
        [
            Reader(ContractJson.Default.Heartbeat),
            Reader(ContractJson.Default.RoomRoute),
            Reader(ContractJson.Default.NodeHealth),
            Reader(ContractJson.Default.DrainCommand),
            Reader(ContractJson.Default.DrainStatus),
            Reader(ContractJson.Default.Presence),
            Reader(ContractJson.Default.Revocation),
            Reader(ContractJson.Default.LinkOrders),
        ];

    public string Name => "contracts";

    public int MaxLength => 800;

    public IEnumerable<byte[]> Seeds
    {
        get
        {
            var time = DateTimeOffset.UnixEpoch;
            yield return [0, .. ContractJson.Write(
                new Heartbeat
                {
                    Node = new NodeId("a"),
                    Namespace = "calls",
                    Cluster = "east",
                    Region = "us",
                    Revision = "7f",
                    State = NodeState.Serving,
                    Load = new NodeLoad { Rooms = 1 },
                    Capacity = NodeCapacity.Default,
                    Endpoints = new NodeEndpoints { Signal = "http://a:1", Control = "https://a:2" },
                    StartedAt = time,
                    Sequence = 3,
                    Rooms = [new RoomReport { Room = new RoomId("r"), Generation = 2, Participants = 12 }],
                },
                ContractJson.Default.Heartbeat)];
            yield return [1, .. ContractJson.Write(
                new RoomRoute
                {
                    Room = new RoomId("r"),
                    Node = new NodeId("a"),
                    Generation = 4,
                    Endpoint = "http://a",
                    Previous = new NodeId("b"),
                    State = RoomRouteState.Migrating,
                    Seats =
                    [
                        new RoomSeat { Node = new NodeId("a"), Region = "us", Cluster = "east", Role = SeatRole.Origin, Endpoint = "http://a" },
                        new RoomSeat { Node = new NodeId("c"), Region = "eu", Cluster = "mid", Role = SeatRole.Edge, Parent = new NodeId("a"), Endpoint = "http://c" },
                    ],
                },
                ContractJson.Default.RoomRoute)];
            yield return [2, .. """{"status":"healthy","load":0.5,"activeRooms":1,"activeParticipants":2,"cpuUsage":0.1,"memoryUsage":0.2,"networkIn":1,"networkOut":2}"""u8];
            yield return [2, .. """{"status":"healthy","load":1e999,"activeRooms":1,"activeParticipants":2,"cpuUsage":0.1,"memoryUsage":0.2,"networkIn":1,"networkOut":2}"""u8];
            yield return [3, .. ContractJson.Write(new DrainCommand { Deadline = time, Reason = "scale" }, ContractJson.Default.DrainCommand)];
            yield return [4, .. ContractJson.Write(new DrainStatus { State = NodeState.Draining, StartedAt = time }, ContractJson.Default.DrainStatus)];
            yield return [5, .. ContractJson.Write(new Presence { Participant = "p", Node = new NodeId("a"), JoinedAt = time }, ContractJson.Default.Presence)];
            yield return [6, .. ContractJson.Write(new Revocation { Room = new RoomId("r"), Participant = "p", NotBefore = time }, ContractJson.Default.Revocation)];
            yield return [7, .. ContractJson.Write(
                new LinkOrders
                {
                    Links = [new LinkOrder { Peer = new NodeId("c"), Cluster = "mid", Region = "eu", Opens = true, Relay = "c:3", IntervalMilliseconds = 500 }],
                },
                ContractJson.Default.LinkOrders)];
        }
    }

    public IReadOnlyList<byte[]> Dictionary { get; } =
        [.. new[] { "null", "[null]", "\\ud800", "\"\\ud800\"", "1e999", "\"NaN\"", "-1", "\"Serving\"", "99", "{}", "\"state\":", "\"seats\":[", "\"limits\":null", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00" }.Select(Encoding.ASCII.GetBytes)];

    public void Run(ReadOnlySpan<byte> input)
    {
        if (!input.IsEmpty)
        {
            _readers[input[0] % _readers.Length](input[1..].ToArray());
        }
    }

    private static Action<byte[]> Reader<T>(JsonTypeInfo<T> type)
        where T : class => bytes =>
        {
            if (!ContractJson.TryRead(bytes, type, out var value))
            {
                return;
            }

            _ = value.ToString();
            if (value is RoomRoute route)
            {
                Property.Holds(route.Names(route.Node), "a route names its owner");
            }

            var first = ContractJson.Write(value, type);
            Property.Holds(ContractJson.TryRead(first, type, out var again), "what is written is read");
            Property.Holds(ContractJson.Write(again, type).AsSpan().SequenceEqual(first), "and written alike");
        };
}
