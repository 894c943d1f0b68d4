using System.Collections.Concurrent;
using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Media.Allocation;
using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Node.Relays;

/// <summary>What all rooms of this node together may send to each other fleet. Thread-safe.</summary>
public sealed class LinkBounds
{
    private readonly ConcurrentDictionary<string, LinkBound> _bounds = new(StringComparer.Ordinal);

    /// <summary>What bounds a link to a fleet.</summary>
    /// <param name="fleet">The fleet of the node at the other end.</param>
    /// <param name="child">The seat of the end that is fed, which says how much.</param>
    public LinkBound Of(string fleet, RoomSeat child)
    {
        ArgumentNullException.ThrowIfNull(child);
        var bound = _bounds.GetOrAdd(fleet, static _ => new LinkBound());
        bound.Rate = child.MaxLinkBitsPerSecond > 0 ? new DataRate(child.MaxLinkBitsPerSecond) : DataRate.Infinite;
        return bound;
    }
}
