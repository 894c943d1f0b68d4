using BuildIt.Operator.Api;
using BuildIt.Operator.Fleets;
using BuildIt.Operator.Planning.Replay;
using BuildIt.Operator.Planning.Rooms;
using BuildIt.Operator.Runtime.Caching;

namespace BuildIt.Operator.Rooms;

/// <summary>Says of a room what is seen of it, what follows, and what was decided before. Changes nothing. Any thread.</summary>
internal sealed class RoomInspector(IObjectCache<ConferenceRoom> rooms, RoomObserver observer, RoomLedgers ledgers, RoomJournal journal, TimeProvider time)
{
    /// <summary>Pods that are named as places for a room.</summary>
    private const int MostOptions = 50;

    /// <summary>Null when nothing is known of a room of that name.</summary>
    public RoomAccount? Of(ObjectKey key)
    {
        var now = time.GetUtcNow();
        var entries = journal.Read(key);
        if (rooms.Find(key) is not { } room)
        {
            return entries.Count == 0 ? null : new RoomAccount { At = now, Journal = entries };
        }

        var fleets = observer.Fleets(key.Namespace).Known;
        var observation = RoomObserver.Observe(room, fleets, ledgers.Observe(room)).Observation;
        var request = PlacementRequests.Of(room, fleets, avoid: null, RestartIntensity.Counting(observation, now).Count);
        return new RoomAccount
        {
            At = now,
            Observation = observation,
            Decision = RoomPlanner.Plan(observation, now),
            Seats = [.. fleets.SelectMany(fleet => fleet.Instances).SelectMany(instance => SeatsOf(instance, key.Name))],
            Options = ledgers.Options(key.Namespace, request, MostOptions),
            Journal = entries,
        };
    }

    private static IEnumerable<RoomSeat> SeatsOf(FleetInstance instance, string room) =>
        from report in instance.Rooms
        where report.Room.Value == room
        select new RoomSeat
        {
            Instance = instance.Observation.Name,
            Liveness = instance.Liveness,
            Generation = report.Generation,
            Participants = report.Participants,
            Publishers = report.Publishers,
            Subscribers = report.Subscribers,
            Ingress = report.IngressBitsPerSecond,
            Egress = report.EgressBitsPerSecond,
            RoundTripMilliseconds = report.RoundTripMilliseconds is { } time && double.IsFinite(time) ? time : null,
            LossFraction = report.LossFraction is { } loss && double.IsFinite(loss) ? loss : null,
        };
}
