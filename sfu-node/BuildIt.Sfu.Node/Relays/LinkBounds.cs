using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Media.Allocation;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Node.Configuration;

namespace BuildIt.Sfu.Node.Relays;

/// <summary>
/// What all rooms of this node together may send to each other fleet: what the operator told, and until it has, a part of what the routes
/// name. Thread-safe.
/// </summary>
public sealed class LinkBounds(NodeSettings settings)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Fleet> _fleets = new(StringComparer.Ordinal);

    /// <summary>What bounds a link to a fleet; null within a fleet.</summary>
    /// <param name="cluster">The fleet of the node at the other end.</param>
    /// <param name="child">The seat of the end that is fed, which says what the link may carry.</param>
    public LinkBound? Of(string cluster, RoomSeat child)
    {
        ArgumentNullException.ThrowIfNull(child);
        if (cluster == settings.Cluster)
        {
            return null;
        }

        lock (_lock)
        {
            var fleet = Find_NeedsLock(cluster);
            fleet.Named = child.MaxLinkBitsPerSecond;
            fleet.Apply();
            return fleet.Bound;
        }
    }

    /// <summary>Takes over what the operator tells; it replaces what it told before.</summary>
    public void Take(IReadOnlyList<LinkAllowance> allowances)
    {
        ArgumentNullException.ThrowIfNull(allowances);
        lock (_lock)
        {
            foreach (var fleet in _fleets.Values)
            {
                fleet.Told = null;
            }

            foreach (var allowance in allowances)
            {
                Find_NeedsLock(allowance.Cluster).Told = allowance.BitsPerSecond;
            }

            foreach (var fleet in _fleets.Values)
            {
                fleet.Apply();
            }
        }
    }

    /// <summary>What is wanted of each fleet to which rooms send.</summary>
    public IReadOnlyList<LinkAllowanceReport> Reports()
    {
        lock (_lock)
        {
            return
            [
                .. _fleets.Where(fleet => fleet.Value.Bound.IsUsed).OrderBy(fleet => fleet.Key, StringComparer.Ordinal).Take(LinkAllowance.MaxFleets)
                    .Select(fleet => new LinkAllowanceReport
                    {
                        Cluster = fleet.Key,
                        WantedBitsPerSecond = fleet.Value.Bound.Wanted?.BitsPerSecond,
                        AllowedBitsPerSecond = fleet.Value.Told,
                    }),
            ];
        }
    }

    private Fleet Find_NeedsLock(string cluster)
    {
        if (!_fleets.TryGetValue(cluster, out var fleet))
        {
            _fleets.Add(cluster, fleet = new Fleet());
        }

        return fleet;
    }

    private sealed class Fleet
    {
        public LinkBound Bound { get; } = new();

        public long Named { get; set; }

        public long? Told { get; set; }

        public void Apply()
        {
            var bits = Told ?? (Named == 0 ? 0 : Math.Max(1, (long)(Named * LinkAllowance.UntoldPart)));
            Bound.Rate = bits == 0 ? DataRate.Infinite : new DataRate(bits);
        }
    }
}
