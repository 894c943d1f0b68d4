using Microsoft.AspNetCore.Connections;

namespace BuildIt.Sfu.Node.Operations;

/// <summary>How many connections one port has at most; more are closed at once. Thread-safe.</summary>
public sealed class ConnectionLimit(Listener listener, int most)
{
    private int _open;
    private long _refused;

    public Listener Listener => listener;

    public int Most => most;

    /// <summary>Connections closed because there were too many.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Serves a connection, or closes it.</summary>
    public async Task ServeAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        try
        {
            if (Interlocked.Increment(ref _open) > most)
            {
                Interlocked.Increment(ref _refused);
                connection.Abort();
                return;
            }

            await next(connection);
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }
}

/// <summary>The limits of all ports of a node.</summary>
public sealed class ConnectionLimits(Contracts.DescriptorBudget budget)
{
    /// <summary>Probes, Prometheus, the operator: a few each.</summary>
    private const int FewConnections = 64;

    /// <summary>A client whose room is on another node takes two descriptors: hence not a third, as media over TCP has.</summary>
    public ConnectionLimit Signal { get; } = new(Listener.Signal, budget.Share(1, 4));

    public ConnectionLimit Health { get; } = new(Listener.Health, budget.Share(1, 16, FewConnections));

    public ConnectionLimit Control { get; } = new(Listener.Control, budget.Share(1, 16, FewConnections));

    /// <summary>Connections that carry media.</summary>
    public int Media { get; } = budget.Share(1, 3);

    public IEnumerable<ConnectionLimit> All => [Signal, Health, Control];
}
