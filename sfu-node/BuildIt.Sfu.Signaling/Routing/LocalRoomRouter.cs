using BuildIt.Sfu.Signaling.Configuration;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms;

namespace BuildIt.Sfu.Signaling.Routing;

/// <summary>Serves every room on this node: the router of a node that stands alone.</summary>
public sealed class LocalRoomRouter(RoomDirectory directory, LiveKitOptions options) : IRoomRouter
{
    public async ValueTask<RoomLocation> RouteAsync(
        string name, RouteIntent intent, RoomConfiguration? configuration, CancellationToken cancel)
    {
        if (await directory.FindAsync(name).ConfigureAwait(false) is { } open)
        {
            return new RoomLocation.Local(open);
        }

        if (intent is RouteIntent.Find or RouteIntent.End or RouteIntent.Own || (intent is RouteIntent.Join or RouteIntent.JoinOrCreate or RouteIntent.Resume && !options.AutoCreate))
        {
            return new RoomLocation.NotFound();
        }

        if (!options.AcceptsNewRooms())
        {
            return new RoomLocation.NodeFull();
        }

        return new RoomLocation.Local(await directory.GetOrOpenAsync(options.OptionsFor(name).With(configuration)).ConfigureAwait(false));
    }

    public async ValueTask<IReadOnlyList<Protocol.Room>> ListAsync(IReadOnlyCollection<string> names, CancellationToken cancel)
    {
        var rooms = new List<Protocol.Room>();
        foreach (var host in directory.Open.Where(r => names.Count == 0 || names.Contains(r.Name)))
        {
            rooms.Add(await host.InvokeAsync((room, _) => room.Info()).ConfigureAwait(false));
        }

        return rooms;
    }
}
