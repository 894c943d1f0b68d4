using System.Collections.Concurrent;
using BuildIt.Operator.Api;
using BuildIt.Operator.Planning.Health;
using BuildIt.Operator.Planning.Ledger;
using BuildIt.Operator.Planning.Model;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Sfu.Contracts;

namespace BuildIt.Operator.Fleets;

/// <summary>One pod of a fleet as the last plan saw it.</summary>
/// <param name="Observation">What was seen of it.</param>
/// <param name="Liveness">What is believed about it.</param>
/// <param name="Endpoints">Where it is reached, by its own word; null until it has reported.</param>
/// <param name="Rooms">The rooms it reports.</param>
/// <param name="HeardAt">When it reported them, by the operator's clock; null until it has.</param>
public sealed record FleetInstance(
    InstanceObservation Observation, Liveness Liveness, NodeEndpoints? Endpoints, IReadOnlyList<RoomReport> Rooms, DateTimeOffset? HeardAt)
{
    /// <summary>Which of its processes reported them; a container that starts again is another. Empty until it has reported.</summary>
    public string Boot { get; init; } = string.Empty;

    /// <summary>Rooms whose route it refuses.</summary>
    public IReadOnlyList<RoomFence> Fences { get; init; } = [];
}

/// <summary>One fleet as the last plan saw it.</summary>
/// <param name="Key">Namespace and name of its SfuCluster.</param>
/// <param name="Cluster">The resource as cached; not to be changed.</param>
/// <param name="Spec">The same in the planner's terms.</param>
/// <param name="Instances">Its pods, in the ordinal order of their names.</param>
/// <param name="Held">Nothing is changed about the fleet, because its witnesses are doubted.</param>
public sealed record FleetView(
    ObjectKey Key, SfuCluster Cluster, FleetSpec Spec, IReadOnlyList<FleetInstance> Instances, bool Held)
{
    /// <summary>One of its pods; null when it has none of that name.</summary>
    public FleetInstance? Find(string instance)
    {
        var (from, to) = (0, Instances.Count - 1);
        while (from <= to)
        {
            var middle = (from + to) / 2;
            switch (string.CompareOrdinal(Instances[middle].Observation.Name, instance))
            {
                case 0:
                    return Instances[middle];
                case < 0:
                    from = middle + 1;
                    break;
                default:
                    to = middle - 1;
                    break;
            }
        }

        return null;
    }

    /// <summary>One of its pods in the terms of placement.</summary>
    public PodState StateOf(FleetInstance instance) => new()
    {
        Cluster = Key.Name,
        Region = Cluster.Spec.Region,
        Instance = instance.Observation.Name,
        IsCurrent = instance.Observation.Revision == Spec.Revision,
        Availability = AvailabilityOf(instance),
        Capacity = Spec.Capacity,
        Relays = instance.Endpoints?.Relay is { Length: > 0 },
        Load = instance.Observation.Load ?? PodLoad.None,
        Target = Spec.Scaling.TargetUtilization,
    };

    private static PodAvailability AvailabilityOf(FleetInstance instance) => instance.Liveness switch
    {
        Liveness.Dead => PodAvailability.Dead,
        Liveness.Leaving => PodAvailability.Draining,
        Liveness.Suspect => PodAvailability.Suspect,
        _ when instance.Observation.IsDraining => PodAvailability.Draining,
        Liveness.Alive => PodAvailability.Ready,
        _ => PodAvailability.Starting,
    };
}

/// <summary>The one picture of all fleets that every reconciler shares: what the last plan of each saw. Any thread.</summary>
public sealed class FleetDirectory
{
    private readonly ConcurrentDictionary<ObjectKey, FleetView> _fleets = new();

    /// <summary>Raised after a fleet's picture was renewed, on the thread that did it.</summary>
    public event Action<FleetView>? Changed;

    /// <summary>All fleets that have been planned since the start of the process.</summary>
    public IReadOnlyCollection<FleetView> All => (IReadOnlyCollection<FleetView>)_fleets.Values;

    public FleetView? Find(ObjectKey cluster) => _fleets.GetValueOrDefault(cluster);

    internal void Put(FleetView view)
    {
        _fleets[view.Key] = view;
        Changed?.Invoke(view);
    }

    internal void Forget(ObjectKey cluster)
    {
        if (_fleets.TryRemove(cluster, out var gone))
        {
            // Whoever keeps something of its pods is to let go of it.
            Changed?.Invoke(gone with { Instances = [] });
        }
    }
}
