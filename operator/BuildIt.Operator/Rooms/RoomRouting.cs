using BuildIt.Operator.Api;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Operator.Runtime.Events;

namespace BuildIt.Operator.Rooms;

/// <summary>Brings the route of a room's status to its registries. Any thread.</summary>
internal sealed class RoomRouting(RoutePublisher routes, RoomFences fences, RoomTraces traces, RoomStatusWriter status, IEventRecorder events, TimeProvider time)
{
    /// <summary>Publishes the route of the status.</summary>
    /// <param name="room">The room.</param>
    /// <param name="previous">The pod that it leaves; null when it leaves none.</param>
    /// <param name="again">Also where it was published already.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>When to try again; null when it is published.</returns>
    public async Task<TimeSpan?> PublishAsync(ConferenceRoom room, string? previous, bool again, CancellationToken cancellation)
    {
        var route = traces.TracedRoute(room)!;
        if (fences.Of(ObjectKey.Of(room)) is var fence && fence > route.Generation)
        {
            return await RenumberAsync(room, fence, cancellation).ConfigureAwait(false);
        }

        var published = await routes.PublishAsync(room.Metadata.NamespaceProperty, route, ServedBy(room), previous, again, cancellation).ConfigureAwait(false);
        if (published.Written)
        {
            return null;
        }

        if (published.NewerGeneration > 0)
        {
            return await RenumberAsync(room, published.NewerGeneration + 1, cancellation).ConfigureAwait(false);
        }

        await status.WriteAsync(room, RoomStatusBuilder.Unpublished(room, time.GetUtcNow()), cancellation).ConfigureAwait(false);
        return RoomRetries.Usual;
    }

    /// <summary>Publishes that a room has ended. A newer one of this name that somebody remembers is over as well: there is no other object.</summary>
    /// <returns>Whether that is known now.</returns>
    public async Task<bool> EndAsync(ConferenceRoom room, CancellationToken cancellation)
    {
        if (RoomRoutes.Of(room) is not { } route)
        {
            return true;
        }

        var ns = room.Metadata.NamespaceProperty;
        route = route with { Generation = Math.Max(route.Generation, fences.Of(ObjectKey.Of(room))) };
        var published = await routes.PublishAsync(ns, route, ServedBy(room), null, again: false, cancellation).ConfigureAwait(false);
        if (published.NewerGeneration > 0)
        {
            published = await routes.PublishAsync(ns, route with { Generation = published.NewerGeneration }, ServedBy(room), null, again: false, cancellation).ConfigureAwait(false);
        }

        return published.Written;
    }

    /// <summary>Publishes that a room has no pod, though it goes on. A newer route is let stand.</summary>
    /// <returns>Whether that is known now.</returns>
    public async Task<bool> WithdrawAsync(ConferenceRoom room, CancellationToken cancellation)
    {
        var published = await routes.PublishAsync(room.Metadata.NamespaceProperty, RoomRoutes.Of(room)!, ServedBy(room), null, again: false, cancellation).ConfigureAwait(false);
        return published.Written || published.NewerGeneration > 0;
    }

    /// <summary>Whether a room's pod was told of it so long ago that it should have it by now.</summary>
    public bool IsOverdue(ObjectKey room, DateTimeOffset now) => routes.PublishedAt(room) + RoomRetries.TellAgain <= now;

    public void Forget(ObjectKey room)
    {
        routes.Forget(room);
        fences.Forget(room);
    }

    /// <summary>A room of this name was here before; its number is passed, or nodes would take this one for the older.</summary>
    private async Task<TimeSpan?> RenumberAsync(ConferenceRoom room, long generation, CancellationToken cancellation)
    {
        await status.WritePlacementAsync(room, room.Status! with { Generation = generation }, cancellation).ConfigureAwait(false);
        events.Normal(room, RoomEvents.Renumbered, $"a room of this name was at generation {generation - 1}");
        return TimeSpan.FromMilliseconds(1);
    }

    private static HashSet<string> ServedBy(ConferenceRoom room) =>
        (room.Status?.Assignments ?? []).Select(assignment => assignment.Cluster).ToHashSet(StringComparer.Ordinal);
}
