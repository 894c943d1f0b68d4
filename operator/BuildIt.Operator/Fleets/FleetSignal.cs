using BuildIt.Operator.Runtime.Caching;

namespace BuildIt.Operator.Fleets;

/// <summary>
/// Lets what listens outside the Kubernetes API (registry, probes) ask for a fleet to be planned again. Any thread; asking
/// often costs little.
/// </summary>
public sealed class FleetSignal
{
    private volatile Action<ObjectKey>? _trigger;

    /// <summary>Asks for a plan of a fleet. Before the controllers run nothing happens: they plan every fleet when they start.</summary>
    public void Raise(ObjectKey cluster) => _trigger?.Invoke(cluster);

    /// <summary>Says where requests go.</summary>
    public void Connect(Action<ObjectKey> trigger) => _trigger = trigger;
}
