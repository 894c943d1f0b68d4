using BuildIt.Operator.Api;
using BuildIt.Operator.Fleets;
using BuildIt.Operator.Links;
using BuildIt.Operator.Runtime.Caching;

namespace BuildIt.Operator.Rooms;

/// <summary>What traffic costs now, by the fleets and links of a namespace. Kept until one of these says otherwise. Any thread.</summary>
internal sealed class RoomPrices
{
    private readonly FleetDirectory _fleets;
    private readonly IObjectCache<RegionLink> _links;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, UsagePrices> _namespaces = new(StringComparer.Ordinal);
    private readonly Dictionary<ObjectKey, CostSpec> _costs = [];

    public RoomPrices(FleetDirectory fleets, IObjectCache<RegionLink> links)
    {
        _fleets = fleets;
        _links = links;
        fleets.Changed += Hear;
    }

    public UsagePrices Of(string ns)
    {
        lock (_lock)
        {
            if (!_namespaces.TryGetValue(ns, out var prices))
            {
                var links = _links.List(ns);
                _namespaces.Add(ns, prices = new UsagePrices(
                    _fleets.All.Where(fleet => fleet.Key.Namespace == ns && fleet.Cluster.Spec.Cost is not null)
                        .Select(fleet => KeyValuePair.Create(fleet.Key.Name, fleet.Cluster.Spec.Cost!)),
                    links.Where(link => LinkEnds.Foremost(link, links) == link).Select(link => link.Spec)));
            }

            return prices;
        }
    }

    /// <summary>A link is new, has changed or is gone. Its status, which is written all the time, costs nothing.</summary>
    public void Hear(ObjectChange<RegionLink> change)
    {
        if (change.Old?.Spec != change.New?.Spec)
        {
            lock (_lock)
            {
                _namespaces.Remove(change.Latest.Metadata.NamespaceProperty);
            }
        }
    }

    // Each round of a fleet comes by here, and nearly none brings another price.
    private void Hear(FleetView view)
    {
        var cost = _fleets.Find(view.Key)?.Cluster.Spec.Cost;
        lock (_lock)
        {
            if (_costs.GetValueOrDefault(view.Key) == cost)
            {
                return;
            }

            _costs.Remove(view.Key);
            if (cost is not null)
            {
                _costs.Add(view.Key, cost);
            }

            _namespaces.Remove(view.Key.Namespace);
        }
    }
}
