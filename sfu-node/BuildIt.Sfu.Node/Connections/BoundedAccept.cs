using System.Net;
using Microsoft.AspNetCore.Connections;

namespace BuildIt.Sfu.Node.Connections;

/// <summary>
/// Accepts a connection only when its port has a place for it: until then it waits in the kernel, where it takes no descriptor. To
/// accept and then close those that are too many is not enough, as a flood is accepted faster than it is closed.
/// </summary>
internal sealed class BoundedAccept(IConnectionListenerFactory sockets, ConnectionLimits limits) : IConnectionListenerFactory
{
    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var listener = await sockets.BindAsync(endpoint, cancellationToken);
        return limits.Of(endpoint) is { } limit ? new Listener(listener, limit) : listener;
    }

    private sealed class Listener(IConnectionListener inner, ConnectionLimit limit) : IConnectionListener
    {
        private readonly CancellationTokenSource _unbound = new();

        public EndPoint EndPoint => inner.EndPoint;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            try
            {
                await limit.TakePlaceAsync(_unbound.Token);
            }
            catch (OperationCanceledException)
            {
                return null;
            }

            ConnectionContext? connection = null;
            try
            {
                return connection = await inner.AcceptAsync(cancellationToken);
            }
            finally
            {
                if (connection is null)
                {
                    limit.GivePlaceBack();
                }
            }
        }

        public async ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            await _unbound.CancelAsync();
            await inner.UnbindAsync(cancellationToken);
        }

        public async ValueTask DisposeAsync()
        {
            await _unbound.CancelAsync();
            await inner.DisposeAsync();
        }
    }
}
