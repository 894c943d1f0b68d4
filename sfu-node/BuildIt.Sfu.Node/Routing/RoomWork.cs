using System.Collections.Concurrent;
using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Node.Registry;
using BuildIt.Sfu.Node.State;

namespace BuildIt.Sfu.Node.Routing;

/// <summary>
/// Work on rooms that is begun and not waited for: a room whose loop does not answer keeps only itself from being looked after. What
/// is begun again while it is still running is done once more afterwards. Thread-safe.
/// </summary>
/// <param name="name">Of the work, for the count of failures.</param>
/// <param name="faults">Where they are counted.</param>
internal sealed class RoomWork(string name, BackgroundFaults faults)
{
    // True where it is to be done once more.
    private readonly ConcurrentDictionary<RoomId, bool> _running = new();

    public void Start(RoomId room, Func<Task> work)
    {
        while (!_running.TryAdd(room, false))
        {
            if (_running.TryUpdate(room, true, false) || (_running.TryGetValue(room, out var again) && again))
            {
                return;
            }
        }

        _ = RunAsync(room, work);
    }

    private async Task RunAsync(RoomId room, Func<Task> work)
    {
        do
        {
            _running[room] = false;
            try
            {
                await work();
            }
            catch (Exception e) when (e is RegistryUnavailableException or OperationCanceledException)
            {
                // The heartbeat says in the log that the registry is away; or the host stops.
            }
            catch (Exception e)
            {
                faults.Count(name, e);
            }
        }
        while (!_running.TryRemove(new(room, false)));
    }
}
