using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Node.Registry;

namespace BuildIt.Sfu.Node.Routing;

/// <summary>Asks the registry for routes, and waits for them to change. Thread-safe.</summary>
public sealed class RouteFinder(IRegionRegistry registry, RouteTable table, TimeProvider time)
{
    /// <summary>Takes in what the registry has of a room now. A registry that is away is passed over: the operator tells routes as well.</summary>
    public async Task LookUpAsync(RoomId room, CancellationToken cancellation)
    {
        var asked = time.GetTimestamp();
        try
        {
            if ((await registry.LookUpAsync(room, cancellation)).Route is { } route)
            {
                table.Learn(route, out _, asked);
            }
        }
        catch (RegistryUnavailableException)
        {
            // What was told counts.
        }
    }

    /// <summary>
    /// Waits until the newest known route of a room is as asked. What is announced arrives at once, and <see cref="RouteWatch"/>
    /// reads the routes of all rooms that are waited for once a second: an announcement that was lost costs no more, however many
    /// wait.
    /// </summary>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> came first.</exception>
    public async Task UntilAsync(RoomId room, Func<RoomRoute, bool> condition, CancellationToken cancellation)
    {
        var met = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var following = table.Follow(room, route =>
        {
            if (condition(route))
            {
                met.TrySetResult();
            }
        });
        if (!table.TryFind(room, out var known) || !condition(known))
        {
            await met.Task.WaitAsync(cancellation);
        }
    }
}
