using System.Threading.Channels;
using BuildIt.Operator.Api;
using BuildIt.Operator.Runtime.Client;
using k8s.Models;

namespace BuildIt.Operator.Bench.Rooms;

/// <summary>
/// Stands in the operator's place and does the least that anybody could: one status write for each room that appears. What the
/// API server takes for that is the floor.
/// </summary>
internal sealed class FloorPlacer : IAsyncDisposable
{
    private const int Workers = 64;

    private readonly Channel<ConferenceRoom> _appeared = Channel.CreateUnbounded<ConferenceRoom>();
    private readonly Task _work;

    public FloorPlacer(ApiClient client) => _work = Task.WhenAll(Enumerable.Range(0, Workers).Select(_ => WorkAsync(client)));

    public void Place(ConferenceRoom room) => _appeared.Writer.TryWrite(room);

    public async ValueTask DisposeAsync()
    {
        _appeared.Writer.Complete();
        await _work;
    }

    private async Task WorkAsync(ApiClient client)
    {
        await foreach (var room in _appeared.Reader.ReadAllAsync())
        {
            var placed = new ConferenceRoom { Metadata = room.Metadata, Spec = room.Spec, Status = Placed() };
            await client.ReplaceAsync(placed, "status", CancellationToken.None);
        }
    }

    // As long as what the operator writes.
    private static ConferenceRoomStatus Placed() => new()
    {
        ObservedGeneration = 1,
        Phase = RoomPhase.Ready,
        Generation = 1,
        Assignments = [new RoomAssignment { Cluster = "fleet", Instance = "fleet-0123456789", Region = "test-1", Endpoint = "http://127.100.100.100:7880" }],
        Conditions =
        [
            Condition("Ready", "Placed", "fleet-0123456789 in test-1: the fullest within its target, 50 % full with the room"),
            Condition("Cascaded", "OnePod", "one pod serves it"),
        ],
    };

    private static V1Condition Condition(string type, string reason, string message) => new()
    {
        Type = type,
        Status = type == "Ready" ? "True" : "False",
        Reason = reason,
        Message = message,
        ObservedGeneration = 1,
        LastTransitionTime = new DateTime(TimeProvider.System.GetUtcNow().UtcTicks / TimeSpan.TicksPerSecond * TimeSpan.TicksPerSecond, DateTimeKind.Utc),
    };
}
