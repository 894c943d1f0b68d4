using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Node.Registry;

namespace BuildIt.Sfu.Node.Routing;

/// <summary>
/// The rooms that nodes of the region report: what a route that is missing is compared with. Read at most once a second, however
/// many ask for rooms that do not exist. Thread-safe.
/// </summary>
public sealed class ReportedRooms(IRegionRegistry registry, TimeProvider time)
{
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private Task<HashSet<RoomId>>? _reading;
    private long _readAt;

    /// <summary>Whether some node says that it serves the room.</summary>
    /// <exception cref="RegistryUnavailableException">The registry does not answer.</exception>
    public async Task<bool> HasAsync(RoomId room, CancellationToken cancellation) => (await Reading().WaitAsync(cancellation)).Contains(room);

    private Task<HashSet<RoomId>> Reading()
    {
        lock (_lock)
        {
            if (_reading is null || _reading.IsFaulted || time.GetElapsedTime(_readAt) >= Freshness)
            {
                _readAt = time.GetTimestamp();
                _reading = ReadAsync();
            }

            return _reading;
        }
    }

    // Not cancelled with whoever asked first: others wait for it too.
    private async Task<HashSet<RoomId>> ReadAsync() =>
        [.. (await registry.ListNodesAsync(CancellationToken.None)).SelectMany(node => node.Rooms).Where(report => !report.EndRequested).Select(report => report.Room)];
}
