using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Node.Registry;

namespace BuildIt.Sfu.Node.Routing;

/// <summary>Asks the registry for routes, and waits for them to change. Thread-safe.</summary>
public sealed class RouteFinder(IRegionRegistry registry, RouteTable table, TimeProvider time)
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);

    /// <summary>Takes in what the registry has of a room now. A registry that is away is passed over: the operator tells routes as well.</summary>
    public async Task LookUpAsync(RoomId room, CancellationToken cancellation)
    {
        try
        {
            if ((await registry.LookUpAsync(room, cancellation)).Route is { } route)
            {
                table.Learn(route, out _);
            }
        }
        catch (RegistryUnavailableException)
        {
            // What was told counts.
        }
    }

    /// <summary>Waits until the newest known route of a room is as asked.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> came first.</exception>
    public async Task UntilAsync(RoomId room, Func<RoomRoute, bool> condition, CancellationToken cancellation)
    {
        var met = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Compare(RoomRoute route)
        {
            if (route.Room == room && condition(route))
            {
                met.TrySetResult();
            }
        }

        table.Learned += Compare;
        try
        {
            while (true)
            {
                if (table.TryFind(room, out var known))
                {
                    Compare(known);
                }

                // What is announced arrives at once; an announcement that was lost costs a second.
                if (met.Task.IsCompleted || await Task.WhenAny(met.Task, Task.Delay(LookAgain, time, cancellation)) == met.Task)
                {
                    return;
                }

                cancellation.ThrowIfCancellationRequested();
                await LookUpAsync(room, cancellation);
            }
        }
        finally
        {
            table.Learned -= Compare;
        }
    }
}
