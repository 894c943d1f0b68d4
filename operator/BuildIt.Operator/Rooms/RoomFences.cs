using System.Collections.Concurrent;
using BuildIt.Operator.Fleets;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Sfu.Contracts;

namespace BuildIt.Operator.Rooms;

/// <summary>
/// The generations below which nodes refuse routes, by room. A room's own object knows only of its own placements: one of the same
/// name was here before, and registries forget. Any thread.
/// </summary>
internal sealed class RoomFences
{
    private static readonly IReadOnlyDictionary<string, long> None = new Dictionary<string, long>();

    private readonly ConcurrentDictionary<ObjectKey, IReadOnlyDictionary<string, long>> _reported = new();
    private readonly ConcurrentDictionary<ObjectKey, long> _answered = new();

    /// <summary>Takes over what the nodes of a fleet report.</summary>
    /// <returns>The rooms that some node refuses, with the lowest generation that none would.</returns>
    public IReadOnlyDictionary<string, long> Take(FleetView fleet)
    {
        Dictionary<string, long>? reported = null;
        for (var i = 0; i < fleet.Instances.Count; i++)
        {
            var fences = fleet.Instances[i].Fences;
            for (var j = 0; j < fences.Count; j++)
            {
                var (room, generation) = (fences[j].Room.Value, fences[j].Generation);
                if (IsSound(generation))
                {
                    reported ??= new(StringComparer.Ordinal);
                    reported[room] = Math.Max(generation, reported.GetValueOrDefault(room));
                }
            }
        }

        // Nearly always there are none.
        if (reported is null)
        {
            _reported.TryRemove(fleet.Key, out _);
            return None;
        }

        _reported[fleet.Key] = reported;
        return reported;
    }

    /// <summary>A node refused a route that it was told directly, and answered with the one it believes.</summary>
    public void Refuse(ObjectKey room, RoomRoute believed)
    {
        var generation = believed.Generation + (believed.State is RoomRouteState.Ended ? 1 : 0);
        if (IsSound(generation))
        {
            _answered.AddOrUpdate(room, generation, (_, known) => Math.Max(known, generation));
        }
    }

    /// <summary>The lowest generation that every node believes, as far as is known; 0 when none has refused the room.</summary>
    public long Of(ObjectKey room)
    {
        var fence = _answered.GetValueOrDefault(room);
        foreach (var (fleet, reported) in _reported)
        {
            if (fleet.Namespace == room.Namespace && reported.TryGetValue(room.Name, out var generation))
            {
                fence = Math.Max(fence, generation);
            }
        }

        return fence;
    }

    public void Forget(ObjectKey room) => _answered.TryRemove(room, out _);

    // Nobody places a room so often: it is somebody's invention, and what follows it could not be counted.
    private static bool IsSound(long generation) => generation is > 0 and <= RoomRoute.MaxGeneration;
}
