using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Node.Registry;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms;
using Found = BuildIt.Sfu.Signaling.Rooms.RoomRoute;

namespace BuildIt.Sfu.Node.Routing;

/// <summary>
/// Finds rooms of a fleet. The registry is asked for every join, which costs one round trip and makes certain that two nodes
/// never let people into the same room; what was learned before serves only while the registry is away. Thread-safe.
/// </summary>
public sealed class RegistryRoomRouter(
    IRegionRegistry registry,
    RouteTable table,
    RoomKeeper keeper,
    RoomDirectory directory,
    RoomCreator creator,
    RouteFinder finder,
    RoomClosings closings,
    ServingLease lease,
    TimeProvider time) : IRoomRouter
{
    /// <summary>The operator reads heartbeats once a second.</summary>
    private static readonly TimeSpan ClosingPatience = TimeSpan.FromSeconds(5);

    public async ValueTask<Found> RouteAsync(string name, RouteIntent intent, RoomConfiguration? configuration, CancellationToken cancel)
    {
        if (name.Length is 0 or > RoomId.MaxLength)
        {
            return new Found.NotFound();
        }

        var room = new RoomId(name);
        var found = await FindAsync(room, intent, configuration, cancel);
        if (found is not Found.NotFound || intent is not (RouteIntent.JoinOrCreate or RouteIntent.Create) || !creator.Enabled)
        {
            return found;
        }

        return await creator.CreateAsync(room, configuration, cancel) is { } refused ? refused : await FindAsync(room, intent, configuration, cancel);
    }

    private async ValueTask<Found> FindAsync(RoomId room, RouteIntent intent, RoomConfiguration? configuration, CancellationToken cancel)
    {
        var published = true;
        var away = false;
        var gone = false;
        var asked = time.GetTimestamp();
        try
        {
            var answer = await registry.LookUpAsync(room, cancel);
            published = answer.RoutesPublished;
            gone = published && answer.Route is null;
            if (answer.Route is not null)
            {
                table.Learn(answer.Route, out _, asked);
            }
        }
        catch (RegistryUnavailableException)
        {
            away = true;
        }

        // A route told over the control port can be ahead of the registry; one that the registry has dropped is over, unless
        // this node has the room: then it keeps it until it is told otherwise.
        if (!table.TryFind(room, out var route, out var trueAt) || (gone && route.Node != table.Self))
        {
            return away || !published ? new Found.Unavailable() : new Found.NotFound();
        }

        if (route.State == RoomRouteState.Ended)
        {
            await keeper.ApplyAsync(room, cancel);
            return new Found.NotFound();
        }

        if (route.Node != table.Self)
        {
            return Uri.TryCreate(route.Endpoint, UriKind.Absolute, out var endpoint) ? new Found.Remote(endpoint) : new Found.Unavailable();
        }

        if (closings.Has(route))
        {
            // Whoever may create the room anew, or wants to know that it is over, waits until it is.
            var waits = intent is RouteIntent.End || (intent is RouteIntent.JoinOrCreate or RouteIntent.Create && creator.Enabled);
            return waits && !await IsClosedAsync(route, cancel) ? new Found.Unavailable() : new Found.NotFound();
        }

        return await ServeAsync(room, intent, configuration, trueAt, cancel);
    }

    public Task MovedAsync(string name, Uri node, CancellationToken cancel) => finder.UntilAsync(
        new RoomId(name),
        route => route.Node == table.Self || route.State == RoomRouteState.Ended
            || !Uri.TryCreate(route.Endpoint, UriKind.Absolute, out var endpoint) || endpoint != node,
        cancel);

    /// <summary>Ends the room here, and waits until the operator has ended it everywhere.</summary>
    public async ValueTask<bool> EndAsync(RoomHost room, CancellationToken cancel)
    {
        var id = new RoomId(room.Name);
        if (!table.TryFind(id, out var route) || route.Node != table.Self)
        {
            return false;
        }

        closings.Add(route);
        await keeper.ApplyAsync(id, cancel);
        return await IsClosedAsync(route, cancel);
    }

    public async ValueTask<IReadOnlyList<Signaling.Protocol.Room>> ListAsync(IReadOnlyCollection<string> names, CancellationToken cancel)
    {
        var rooms = new Dictionary<string, Signaling.Protocol.Room>(StringComparer.Ordinal);
        foreach (var host in directory.Open)
        {
            rooms[host.Name] = await host.InvokeAsync((core, _) => core.Info());
        }

        try
        {
            foreach (var report in (await registry.ListNodesAsync(cancel)).Where(node => node.Node != table.Self).SelectMany(node => node.Rooms).Where(report => !report.EndRequested))
            {
                rooms.TryAdd(report.Room.Value, new Signaling.Protocol.Room
                {
                    Name = report.Room.Value,
                    NumParticipants = (uint)Math.Max(0, report.Participants),
                    NumPublishers = (uint)Math.Max(0, report.Publishers),
                });
            }
        }
        catch (RegistryUnavailableException)
        {
            // What this node has is still worth an answer.
        }

        return [.. rooms.Values.Where(room => names.Count == 0 || names.Contains(room.Name))];
    }

    /// <summary>True when a room that was ended here is over everywhere, or there is a newer one; false when it took too long.</summary>
    private async Task<bool> IsClosedAsync(Contracts.RoomRoute ended, CancellationToken cancel)
    {
        using var limit = new CancellationTokenSource(ClosingPatience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancel);
        try
        {
            await finder.UntilAsync(ended.Room, route => route.State == RoomRouteState.Ended || route.Generation > ended.Generation, either.Token);
            return true;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return false;
        }
    }

    private async ValueTask<Found> ServeAsync(
        RoomId room, RouteIntent intent, RoomConfiguration? configuration, long trueAt, CancellationToken cancel)
    {
        // A registry that has lost its routes may not tell a node that was away what became of its rooms.
        if (intent is not RouteIntent.Resume && !lease.HeldSince(trueAt))
        {
            return new Found.Unavailable();
        }

        if (await keeper.ApplyAsync(room, cancel) is not { } host)
        {
            return new Found.Unavailable();
        }

        // The room's object has no place for metadata: whoever creates a room gives it to the node that serves it.
        if (intent is RouteIntent.JoinOrCreate or RouteIntent.Create && configuration is { Metadata: { Length: > 0 } metadata })
        {
            await host.InvokeAsync((core, now) => core.Info().Metadata.Length > 0 || core.TrySetMetadata(metadata, now));
        }

        return new Found.Local(host);
    }
}
