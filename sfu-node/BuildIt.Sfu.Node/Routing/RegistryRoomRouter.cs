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
    ServingLease lease,
    TimeProvider time) : IRoomRouter
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);

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

        return await ServeAsync(room, intent, configuration, trueAt, cancel);
    }

    public async Task MovedAsync(string name, Uri node, CancellationToken cancel)
    {
        var room = new RoomId(name);
        var moved = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Compare(Contracts.RoomRoute route)
        {
            var there = route.Node != table.Self && route.State != RoomRouteState.Ended
                && Uri.TryCreate(route.Endpoint, UriKind.Absolute, out var endpoint) && endpoint == node;
            if (route.Room == room && !there)
            {
                moved.TrySetResult();
            }
        }

        table.Learned += Compare;
        try
        {
            while (!moved.Task.IsCompleted)
            {
                if (table.TryFind(room, out var known))
                {
                    Compare(known);
                }

                // What is announced arrives at once; an announcement that was lost costs a second.
                if (await Task.WhenAny(moved.Task, Task.Delay(LookAgain, time, cancel)) != moved.Task)
                {
                    cancel.ThrowIfCancellationRequested();
                    await LookUpAsync(room, cancel);
                }
            }
        }
        finally
        {
            table.Learned -= Compare;
        }
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
            foreach (var report in (await registry.ListNodesAsync(cancel)).Where(node => node.Node != table.Self).SelectMany(node => node.Rooms))
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

    private async Task LookUpAsync(RoomId room, CancellationToken cancel)
    {
        try
        {
            if ((await registry.LookUpAsync(room, cancel)).Route is { } route)
            {
                table.Learn(route, out _);
            }
        }
        catch (RegistryUnavailableException)
        {
            // The operator tells the nodes a move concerns as well.
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
