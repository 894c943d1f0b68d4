using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Node.Configuration;
using BuildIt.Sfu.Node.Registry;
using BuildIt.Sfu.Node.State;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms;
using BuildIt.Sfu.Signaling.Routing;

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
    ReportedRooms reported,
    RoomClosings closings,
    ServingLease lease,
    NodeSettings settings,
    TimeProvider time) : IRoomRouter
{
    /// <summary>The operator reads heartbeats once a second.</summary>
    private static readonly TimeSpan ClosingPatience = TimeSpan.FromSeconds(5);

    public async ValueTask<RoomLocation> RouteAsync(string name, RouteIntent intent, RoomConfiguration? configuration, CancellationToken cancel)
    {
        if (name.Length is 0 or > RoomId.MaxLength)
        {
            return new RoomLocation.NotFound();
        }

        var room = new RoomId(name);
        var found = await FindAsync(room, intent, configuration, cancel);
        if (found is not RoomLocation.NotFound || intent is not (RouteIntent.JoinOrCreate or RouteIntent.Create) || !creator.Enabled)
        {
            return found;
        }

        return await creator.CreateAsync(room, configuration, cancel) is { } refused ? refused : await FindAsync(room, intent, configuration, cancel);
    }

    private async ValueTask<RoomLocation> FindAsync(RoomId room, RouteIntent intent, RoomConfiguration? configuration, CancellationToken cancel)
    {
        RouteAnswer? answer = null;
        var refused = false;
        var asked = time.GetTimestamp();
        try
        {
            answer = await registry.LookUpAsync(room, cancel);
            refused = answer is { Route: { } read } && !table.Learn(read, out _, asked);
        }
        catch (RegistryUnavailableException)
        {
            // What was learned before counts.
        }

        // A route told over the control port can be ahead of the registry.
        if (!table.TryFind(room, out var route, out var trueAt))
        {
            return await IsAbsentAsync(room, answer, cancel) ? new RoomLocation.NotFound() : new RoomLocation.Unavailable();
        }

        if (route.State == RoomRouteState.Ended)
        {
            await keeper.ApplyAsync(room, cancel);

            // Made anew after the registry forgot the end, or an end that the registry has lost: the operator knows which.
            return refused && answer is { Route.State: not RoomRouteState.Ended } ? new RoomLocation.Unavailable() : new RoomLocation.NotFound();
        }

        // A node that has the room keeps it until it is told otherwise. The end of others' rooms stays in the registry for a while:
        // a route that is missing sooner was lost, and is written again.
        if (answer is { Route: null, IsCertain: true } && !route.Names(table.Self))
        {
            var recent = trueAt != long.MinValue && time.GetElapsedTime(trueAt, asked) < RoomRoute.EndedExpiry;
            return recent || !await IsAbsentAsync(room, answer, cancel) ? new RoomLocation.Unavailable() : new RoomLocation.NotFound();
        }

        if (SeatFor(route, intent) is { } seat && seat != table.Self)
        {
            return EndpointOf(route, seat) is { } endpoint ? new RoomLocation.Remote(endpoint) : new RoomLocation.Unavailable();
        }

        if (closings.Has(route))
        {
            // Whoever may create the room anew, or wants to know that it is over, waits until it is.
            var waits = intent is RouteIntent.End || (intent is RouteIntent.JoinOrCreate or RouteIntent.Create && creator.Enabled);
            return waits && !await IsClosedAsync(route, cancel) ? new RoomLocation.Unavailable() : new RoomLocation.NotFound();
        }

        return await ServeAsync(route, intent, configuration, trueAt, cancel);
    }

    /// <summary>Costs nothing while it lasts: the route is read with all others that concern this node.</summary>
    public Task MovedAsync(string name, Uri node, CancellationToken cancel) => finder.UntilAsync(
        new RoomId(name),
        route => route.State == RoomRouteState.Ended || !Endpoints(route).Contains(node),
        cancel);

    public ValueTask<Uri?> SeatAsync(string name, string node) =>
        ValueTask.FromResult(table.TryFind(new RoomId(name), out var route) && node != table.Self.Value ? EndpointOf(route, new NodeId(node)) : null);

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

        var here = rooms.Keys.ToHashSet(StringComparer.Ordinal);
        try
        {
            foreach (var report in (await registry.ListNodesAsync(cancel)).Where(node => node.Node != table.Self).SelectMany(node => node.Rooms).Where(report => !report.EndRequested && !HasEnded(report)))
            {
                // Of a room with several seats each node reports its own; a node that has one knows the whole.
                if (!here.Contains(report.Room.Value))
                {
                    var room = rooms.TryGetValue(report.Room.Value, out var known) ? known : rooms[report.Room.Value] = new Signaling.Protocol.Room { Name = report.Room.Value };
                    room.NumParticipants += (uint)Math.Max(0, report.Participants);
                    room.NumPublishers += (uint)Math.Max(0, report.Publishers);
                }
            }
        }
        catch (RegistryUnavailableException)
        {
            // What this node has is still worth an answer.
        }

        return [.. rooms.Values.Where(room => names.Count == 0 || names.Contains(room.Name))];
    }

    /// <summary>
    /// Which node is to serve what is wanted of a room. Whoever joins is served where they arrive if that node has a seat that is open,
    /// else at a seat of the region, else at the origin; what concerns the room as a whole, at the origin.
    /// </summary>
    private NodeId SeatFor(RoomRoute route, RouteIntent intent)
    {
        if (intent is RouteIntent.End or RouteIntent.Own || route.Seats.Count == 0)
        {
            return route.Node;
        }

        var own = route.SeatOf(table.Self);
        if (own is not null && (intent is not (RouteIntent.Join or RouteIntent.JoinOrCreate) || !own.Closed))
        {
            return table.Self;
        }

        var open = route.Seats.Where(seat => !seat.Closed).ToList();
        var near = open.Where(seat => seat.Region == settings.Region).ToList();
        return near.Count > 0 ? near[Random.Shared.Next(near.Count)].Node
            : open.Exists(seat => seat.Node == route.Node) ? route.Node
            : open.Count > 0 ? open[0].Node
            : own?.Node ?? route.Node;
    }

    private static Uri? EndpointOf(RoomRoute route, NodeId node) =>
        Uri.TryCreate(route.SeatOf(node)?.Endpoint ?? (route.Node == node ? route.Endpoint : null), UriKind.Absolute, out var endpoint) ? endpoint : null;

    private static IEnumerable<Uri> Endpoints(RoomRoute route) =>
        route.Seats.Select(seat => seat.Endpoint).Prepend(route.Endpoint).Select(text => Uri.TryCreate(text, UriKind.Absolute, out var endpoint) ? endpoint : null).OfType<Uri>();

    /// <summary>A node may report a room for a moment after its end.</summary>
    private bool HasEnded(RoomReport report) =>
        table.TryFind(report.Room, out var route) && route.State == RoomRouteState.Ended && route.Generation >= report.Generation;

    /// <summary>True when a room that was ended here is over everywhere, or there is a newer one; false when it took too long.</summary>
    private async Task<bool> IsClosedAsync(RoomRoute ended, CancellationToken cancel)
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

    /// <summary>Whether it is certain that there is no such room: the registry says so, and no node contradicts it.</summary>
    private async ValueTask<bool> IsAbsentAsync(RoomId room, RouteAnswer? answer, CancellationToken cancel)
    {
        try
        {
            return answer is { Route: null, IsCertain: true } && !await reported.HasAsync(room, cancel);
        }
        catch (RegistryUnavailableException)
        {
            return false;
        }
    }

    private async ValueTask<RoomLocation> ServeAsync(
        RoomRoute route, RouteIntent intent, RoomConfiguration? configuration, long trueAt, CancellationToken cancel)
    {
        // A registry that has lost its routes may not tell a node that was away what became of its rooms.
        if (intent is not RouteIntent.Resume && !lease.HeldSince(trueAt))
        {
            return new RoomLocation.Unavailable();
        }

        if (await keeper.ApplyAsync(route.Room, cancel) is not { } host)
        {
            return new RoomLocation.Unavailable();
        }

        // The room's object has no place for metadata: whoever creates a room gives it to the node that serves it.
        if (intent is RouteIntent.JoinOrCreate or RouteIntent.Create && configuration is { Metadata: { Length: > 0 } metadata })
        {
            await host.InvokeAsync((core, now) => core.Info().Metadata.Length > 0 || core.Moderation.TrySetMetadata(metadata, now));
        }

        return new RoomLocation.Local(host, route.Traceparent);
    }
}
