using BuildIt.Operator.Api;
using BuildIt.Operator.Fleets;
using BuildIt.Operator.Runtime.Caching;

namespace BuildIt.Operator.Rooms;

/// <summary>What traffic costs now, by the fleets and links of a namespace. Any thread.</summary>
internal sealed class RoomPrices(FleetDirectory fleets, IObjectCache<RegionLink> links)
{
    public UsagePrices Of(string ns) => new(
        fleets.All.Where(fleet => fleet.Key.Namespace == ns && fleet.Cluster.Spec.Cost is not null)
            .Select(fleet => KeyValuePair.Create(fleet.Key.Name, fleet.Cluster.Spec.Cost!)),
        links.List(ns).Select(link => link.Spec));
}
