using System.Collections.Concurrent;
using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Node.Configuration;
using BuildIt.Sfu.Node.State;
using BuildIt.Sfu.Signaling.Rooms;

namespace BuildIt.Sfu.Node.Relays;

/// <summary>
/// Has every room that is fed by another node linked to the parent that its route names. When that changes, the new link is complete
/// before the old one goes. One caller at a time for each room. Thread-safe.
/// </summary>
public sealed class RelayKeeper(
    NodeSettings settings,
    LinkClient client,
    LinkBounds bounds,
    UrgentNews news,
    TimeProvider time,
    BackgroundFaults faults,
    ILogger<RelayKeeper> logger) : IAsyncDisposable
{
    /// <summary>How long whoever joins first waits for the room to come: without it they would see an empty one.</summary>
    private static readonly TimeSpan FirstPatience = TimeSpan.FromSeconds(3);

    /// <summary>How long a link goes on beside the one that takes its place.</summary>
    private static readonly TimeSpan Overlap = TimeSpan.FromSeconds(2);

    /// <summary>How long a new link may take before the old one goes all the same.</summary>
    private static readonly TimeSpan LongestOverlap = TimeSpan.FromSeconds(20);

    private readonly ConcurrentDictionary<RoomId, Uplink> _uplinks = new();

    /// <summary>Whether the room has come from its parent; null when it needs none.</summary>
    public bool? IsFed(RoomId room) => _uplinks.TryGetValue(room, out var uplink) ? uplink.IsComplete : null;

    /// <summary>Links an open room as its route says.</summary>
    public async Task ApplyAsync(RoomHost host, RoomRoute route, CancellationToken cancellation)
    {
        var parent = route.SeatOf(settings.Node)?.Parent is { } node ? route.SeatOf(node) : null;
        _uplinks.TryGetValue(route.Room, out var known);
        if (parent is null)
        {
            await EndAsync(route.Room);
            return;
        }

        if (known?.Parent == parent.Node)
        {
            known.Follow(route, parent);
            return;
        }

        var uplink = new Uplink(host, route, parent, settings.Node, client, news, time, faults, logger) { Bounds = bounds };
        _uplinks[route.Room] = uplink;
        if (known is null)
        {
            await Task.WhenAny(uplink.Complete, Task.Delay(FirstPatience, time, cancellation));
        }
        else
        {
            _ = ReplaceAsync(known, uplink);
        }
    }

    /// <summary>The room is not served here any more, or needs no parent.</summary>
    public async Task EndAsync(RoomId room)
    {
        if (_uplinks.TryRemove(room, out var uplink))
        {
            await uplink.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var room in _uplinks.Keys)
        {
            await EndAsync(room);
        }
    }

    private async Task ReplaceAsync(Uplink old, Uplink next)
    {
        try
        {
            await Task.WhenAny(next.Complete, Task.Delay(LongestOverlap, time));
            if (next.IsComplete && old.IsComplete)
            {
                await old.RetireAsync();
                await Task.Delay(Overlap, time);
            }

            await old.DisposeAsync();
        }
        catch (InvalidOperationException)
        {
            // The room's loop has stopped, and its links with it.
        }
        catch (Exception error)
        {
            faults.Count("uplink_change", error);
        }
    }
}
