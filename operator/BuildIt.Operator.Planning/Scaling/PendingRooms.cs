using BuildIt.Operator.Planning.Model;

namespace BuildIt.Operator.Planning.Scaling;

/// <summary>How many further pods the rooms without one would fill.</summary>
internal static class PendingRooms
{
    /// <summary>
    /// First-fit over empty pods. A sum of load would not do: a room is never split over pods, so the room left on each of
    /// several busy pods may add up to enough and fit nobody.
    /// </summary>
    public static int PodsFor(FleetSpec spec, IReadOnlyList<int> rooms)
    {
        if (rooms.Count == 0)
        {
            return 0;
        }

        var places = Math.Min(Limit(spec.Capacity.MaxPublishers), Limit(spec.Capacity.MaxSubscribers));
        var maxRooms = Limit(spec.Capacity.MaxRooms);
        var pods = 1;
        long used = 0;
        var count = 0;
        foreach (var participants in rooms)
        {
            var size = Math.Min(Math.Max(1, participants), places);
            if (count > 0 && (used + size > places || count + 1 > maxRooms))
            {
                pods++;
                used = 0;
                count = 0;
            }

            used += size;
            count++;
        }

        return pods;
    }

    private static int Limit(int limit) => limit <= 0 ? int.MaxValue : limit;
}
