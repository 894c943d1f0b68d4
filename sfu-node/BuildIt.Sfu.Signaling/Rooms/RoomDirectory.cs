using System.Collections.Concurrent;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Base;
using BuildIt.Sfu.Signaling.Rooms.Events;

namespace BuildIt.Sfu.Signaling.Rooms;

/// <summary>The rooms open on this node, each by its home. Thread-safe.</summary>
public sealed class RoomDirectory(NodeServices services, IMediaRoomFactory media, IRoomObserver observer)
{
    private readonly ConcurrentDictionary<string, Lazy<Task<RoomHost>>> _rooms = new(StringComparer.Ordinal);

    public int Count => _rooms.Count;

    /// <summary>Rooms that are open now.</summary>
    public IEnumerable<RoomHost> Open => _rooms.Values
        .Where(r => r.IsValueCreated && r.Value.IsCompletedSuccessfully)
        .Select(r => r.Value.Result);

    public async ValueTask<RoomHost?> FindAsync(string name) =>
        _rooms.TryGetValue(name, out var room) ? await room.Value.ConfigureAwait(false) : null;

    /// <summary>Gives the open room, or opens it. Two callers at once get the same room.</summary>
    public async ValueTask<RoomHost> GetOrOpenAsync(RoomOptions options)
    {
        var room = _rooms.GetOrAdd(options.Name, _ => new Lazy<Task<RoomHost>>(
            () => RoomHost.OpenAsync(options, services, media, observer, Remove)));
        try
        {
            return await room.Value.ConfigureAwait(false);
        }
        catch
        {
            _rooms.TryRemove(new(options.Name, room));
            throw;
        }
    }

    /// <summary>Opens a further part of an open room on a loop that has none of it; null when the room is about to end.</summary>
    public async Task<RoomHost?> OpenPartAsync(RoomHost home, int loop)
    {
        var (options, expected) = await home.InvokeAsync((core, now) => core.Ended
            ? (null, [])
            : (core.Options.ForPart(loop + 1) with { Sid = core.Sid.Value, Metadata = core.Info().Metadata }, core.Expected(now))).ConfigureAwait(false);
        if (options is null)
        {
            return null;
        }

        var part = await RoomHost.OpenAsync(options, services, media, observer, home.RemovePart, loop).ConfigureAwait(false);
        if (home.TryAddPart(part))
        {
            await part.ExpectAsync(expected).ConfigureAwait(false);
            return part;
        }

        await part.EndAsync(DisconnectReason.RoomClosed, RoomEndReason.RoomEndIdleTimeout).ConfigureAwait(false);
        return null;
    }

    private void Remove(RoomHost host)
    {
        if (_rooms.TryGetValue(host.Name, out var room)
            && room.IsValueCreated && (!room.Value.IsCompleted || (room.Value.IsCompletedSuccessfully && room.Value.Result == host)))
        {
            _rooms.TryRemove(new(host.Name, room));
        }
    }
}
