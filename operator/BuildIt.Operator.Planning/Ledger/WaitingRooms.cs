namespace BuildIt.Operator.Planning.Ledger;

/// <summary>Rooms for which there is no pod, and the fleets that are to grow for them.</summary>
internal sealed class WaitingRooms
{
    private readonly Dictionary<string, WantedPod> _first = new(StringComparer.Ordinal);

    // Rooms that have a pod and want another.
    private readonly Dictionary<string, WantedPod> _further = new(StringComparer.Ordinal);

    public IEnumerable<string> Names => _further.Count == 0 ? _first.Keys : _first.Keys.Concat(_further.Keys);

    /// <summary>Participants expected in each room that waits for a fleet.</summary>
    public IReadOnlyList<int> For(string cluster) => _first.Count + _further.Count == 0
        ? []
        : [.. _first.Values.Concat(_further.Values).Where(wanted => wanted.Cluster == cluster).Select(wanted => wanted.Expected)];

    /// <summary>A room waits for its first pod, of a fleet or, where that is null, of any that may come.</summary>
    /// <returns>Whether that is news.</returns>
    public bool Add(string room, string? cluster, int expected) => IsNews(_first, room, new WantedPod(cluster, expected));

    /// <summary>A room waits for a further pod of a fleet.</summary>
    /// <returns>Whether that is news.</returns>
    public bool AddFurther(string room, string cluster, int expected) => IsNews(_further, room, new WantedPod(cluster, expected));

    /// <summary>A room has its first pod, or wants none.</summary>
    public void Remove(string room) => _first.Remove(room);

    /// <summary>A room wants no further pod.</summary>
    public void RemoveFurther(string room) => _further.Remove(room);

    private static bool IsNews(Dictionary<string, WantedPod> waiting, string room, WantedPod wanted)
    {
        if (waiting.TryGetValue(room, out var known) && known == wanted)
        {
            return false;
        }

        waiting[room] = wanted;
        return true;
    }

    private readonly record struct WantedPod(string? Cluster, int Expected);
}
