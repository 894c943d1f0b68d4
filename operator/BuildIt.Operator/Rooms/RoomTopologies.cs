using System.Collections.Concurrent;
using BuildIt.Operator.Api;
using BuildIt.Operator.Links;
using BuildIt.Operator.Planning.Topology;
using BuildIt.Operator.Runtime.Caching;

namespace BuildIt.Operator.Rooms;

/// <summary>Plans the seats of rooms, and remembers of each what has to last for a while before something is done. Any thread.</summary>
internal sealed class RoomTopologies(RoomLedgers ledgers, LinkBook links, TimeProvider time)
{
    private readonly ConcurrentDictionary<ObjectKey, Memory> _memories = new();

    /// <summary>Rooms of a namespace to which links matter: they have several seats, or people from several regions, or want further seats.</summary>
    public IEnumerable<ObjectKey> WithLinks(string ns) => _memories.Where(pair => pair.Key.Namespace == ns && pair.Value.NeedsLinks).Select(pair => pair.Key);

    /// <summary>Plans a room that has an origin.</summary>
    /// <param name="room">The room.</param>
    /// <param name="seats">Its seats, the origin first.</param>
    /// <param name="clusters">Fleets that it may use.</param>
    public TopologyDecision Plan(ConferenceRoom room, IReadOnlyList<ObservedSeat> seats, IReadOnlySet<string>? clusters)
    {
        var key = ObjectKey.Of(room);
        var now = time.GetUtcNow();
        var known = _memories.GetValueOrDefault(key);
        var demand = ObservedSeats.Demand(seats);
        var feedings = SeatFeeding.Follow(seats, known?.Feedings, now);
        var request = new CascadeRequest
        {
            Room = key.Name,
            Mode = Enum.Parse<Planning.Topology.CascadeMode>(room.Spec.Placement.Cascade.ToString()),
            MaxRegions = room.Spec.Placement.MaxRegions,
            Regions = room.Spec.Placement.Regions,
            Clusters = clusters,
            Seats = ObservedSeats.ForPlanning(seats, seat => feedings?.GetValueOrDefault(SeatFeeding.WayOf(seat)) ?? default, now),
            Demand = demand,
            Media = ObservedSeats.Media(seats),
            Memory = known?.Topology ?? TopologyMemory.None,
        };
        var map = links.MapOf(key.Namespace);
        var decision = ledgers.Plan(room, request, map);
        var needsLinks = seats.Count > 1 || demand.Count > 1 || decision.Refusal is not null || Lacks(room.Spec.Placement, seats);
        if (!needsLinks && feedings is null && decision.Memory == TopologyMemory.None)
        {
            _memories.TryRemove(key, out _);
            return decision;
        }

        _memories[key] = new Memory(decision.Memory, feedings, needsLinks);

        // Whoever changed the links meanwhile has not found this room among those that need them.
        return ReferenceEquals(map, links.MapOf(key.Namespace)) ? decision : decision with { NextDeadline = now };
    }

    public void Forget(ObjectKey room) => _memories.TryRemove(room, out _);

    private static bool Lacks(PlacementSpec placement, IReadOnlyList<ObservedSeat> seats) =>
        placement.Cascade is Api.CascadeMode.Always && placement.Regions.Any(region => seats.All(seat => seat.Assignment.Region != region));

    private sealed record Memory(TopologyMemory Topology, IReadOnlyDictionary<(string Instance, string Parent), SeatFeeding>? Feedings, bool NeedsLinks);
}
