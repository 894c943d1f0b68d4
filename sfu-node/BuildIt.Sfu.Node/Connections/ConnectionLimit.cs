using System.Net;
using Microsoft.AspNetCore.Connections;

namespace BuildIt.Sfu.Node.Connections;

/// <summary>How many connections one port has at most. Thread-safe.</summary>
public sealed class ConnectionLimit(Listener listener, int most)
{
    private readonly SemaphoreSlim _places = new(most);
    private long _waited;

    public Listener Listener => listener;

    /// <summary>How often the port had no place for the next connection.</summary>
    public long Waited => Interlocked.Read(ref _waited);

    /// <summary>Waits until there is a place for one more connection.</summary>
    public Task TakePlaceAsync(CancellationToken cancellation)
    {
        if (_places.CurrentCount == 0)
        {
            Interlocked.Increment(ref _waited);
        }

        return _places.WaitAsync(cancellation);
    }

    public void GivePlaceBack() => _places.Release();

    /// <summary>Serves a connection that has a place, and gives it back.</summary>
    public async Task ServeAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        try
        {
            await next(connection);
        }
        finally
        {
            GivePlaceBack();
        }
    }
}

/// <summary>The limits of all ports of a node.</summary>
public sealed class ConnectionLimits(Contracts.DescriptorBudget budget)
{
    /// <summary>Probes, Prometheus, the operator: a few each.</summary>
    private const int FewConnections = 64;

    // Two ports may be the same until they are bound: both free ones.
    private readonly Dictionary<EndPoint, ConnectionLimit> _byEndpoint = new(ReferenceEqualityComparer.Instance);

    /// <summary>A client whose room is on another node takes two descriptors: hence not a third, as media over TCP has.</summary>
    public ConnectionLimit Signal { get; } = new(Listener.Signal, budget.Share(1, 4));

    public ConnectionLimit Health { get; } = new(Listener.Health, budget.Share(1, 16, FewConnections));

    public ConnectionLimit Control { get; } = new(Listener.Control, budget.Share(1, 16, FewConnections));

    public ConnectionLimit Relay { get; } = new(Listener.Relay, budget.Share(1, 16, FewConnections));

    /// <summary>Connections that carry media.</summary>
    public int Media { get; } = budget.Share(1, 3);

    public IEnumerable<ConnectionLimit> All => [Signal, Health, Control, Relay];

    /// <summary>The limit of an endpoint of <see cref="At"/>; null for any other.</summary>
    public ConnectionLimit? Of(EndPoint endpoint) => _byEndpoint.GetValueOrDefault(endpoint);

    /// <summary>An endpoint whose connections have the places of <paramref name="limit"/>. Before anything is bound.</summary>
    internal IPEndPoint At(IPAddress address, int port, ConnectionLimit limit)
    {
        var endpoint = new IPEndPoint(address, port);
        _byEndpoint.Add(endpoint, limit);
        return endpoint;
    }
}
