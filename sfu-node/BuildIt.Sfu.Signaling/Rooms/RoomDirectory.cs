using System.Collections.Concurrent;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Signaling.Rooms.Base;
using BuildIt.Sfu.Signaling.Rooms.Events;

namespace BuildIt.Sfu.Signaling.Rooms;

/// <summary>The rooms open on this node. Thread-safe.</summary>
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

    private void Remove(RoomHost host)
    {
        if (_rooms.TryGetValue(host.Name, out var room)
            && room.IsValueCreated && (!room.Value.IsCompleted || (room.Value.IsCompletedSuccessfully && room.Value.Result == host)))
        {
            _rooms.TryRemove(new(host.Name, room));
        }
    }
}
