namespace BuildIt.Operator.Planning.Ledger;

/// <summary>The pods of all fleets, and those that are in none as long as a room is said to be on them.</summary>
internal sealed class PodEntries
{
    private readonly List<PodEntry> _all = [];
    private readonly Dictionary<string, List<PodEntry>> _byRegion = new(StringComparer.Ordinal);
    private readonly Dictionary<string, FleetEntry> _fleets = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PodEntry> _byInstance = new(StringComparer.Ordinal);
    private readonly HashSet<PodEntry> _absent = [];

    /// <summary>Those that are in a fleet.</summary>
    public IReadOnlyList<PodEntry> All => _all;

    /// <summary>Those that are in no fleet, and have seats.</summary>
    public IReadOnlyCollection<PodEntry> Absent => _absent;

    public IReadOnlyList<PodEntry> InRegion(string region) => _byRegion.TryGetValue(region, out var pods) ? pods : [];

    public FleetEntry? FindFleet(string cluster) => _fleets.GetValueOrDefault(cluster);

    /// <summary>A pod that is in a fleet, or has seats.</summary>
    public PodEntry? FindAny(string instance) => _byInstance.GetValueOrDefault(instance);

    /// <summary>A pod that is in a fleet.</summary>
    public PodEntry? Find(string instance) => _byInstance.TryGetValue(instance, out var pod) && pod.IsThere ? pod : null;

    public void Set(in PodState state)
    {
        var pod = Get(state.Instance);
        if (pod.IsThere && pod.State == state)
        {
            return;
        }

        if (pod.IsThere && pod.State.Cluster == state.Cluster && pod.State.Region == state.Region)
        {
            pod.State = state;
            return;
        }

        Leave(pod);
        _absent.Remove(pod);
        pod.State = state;
        pod.Fleet = Join(state.Cluster);
        pod.Fleet.Add(pod.HeldRooms, pod.HeldParticipants);
        _all.Add(pod);
        if (!_byRegion.TryGetValue(state.Region, out var region))
        {
            _byRegion.Add(state.Region, region = []);
        }

        region.Add(pod);
    }

    public void Remove(string cluster, string instance)
    {
        if (Find(instance) is { } pod && pod.State.Cluster == cluster)
        {
            Leave(pod);
            pod.Silence();
            Settle(pod);
        }
    }

    /// <summary>The pod of that name, which may not have been seen yet. Whoever asks gives it a seat.</summary>
    public PodEntry Get(string instance)
    {
        if (!_byInstance.TryGetValue(instance, out var pod))
        {
            _byInstance.Add(instance, pod = new PodEntry(instance));
        }

        return pod;
    }

    /// <summary>A pod has other seats than before: one that is in no fleet is kept for as long as it has any.</summary>
    public void Settle(PodEntry pod)
    {
        if (pod.IsThere)
        {
            return;
        }

        if (pod.Seats.Count > 0)
        {
            _absent.Add(pod);
        }
        else
        {
            _absent.Remove(pod);
            _byInstance.Remove(pod.Instance);
        }
    }

    private FleetEntry Join(string cluster)
    {
        if (!_fleets.TryGetValue(cluster, out var fleet))
        {
            _fleets.Add(cluster, fleet = new FleetEntry());
        }

        fleet.Pods++;
        return fleet;
    }

    private void Leave(PodEntry pod)
    {
        if (pod.Fleet is not { } fleet)
        {
            return;
        }

        fleet.Add(-pod.HeldRooms, -pod.HeldParticipants);
        if (--fleet.Pods == 0)
        {
            _fleets.Remove(pod.State.Cluster);
        }

        pod.Fleet = null;
        _all.Remove(pod);
        _byRegion[pod.State.Region].Remove(pod);
    }
}
