using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace BuildIt.Sfu.Node.Connections;

/// <summary>What one of the node's HTTP ports is for. Requests are served only on the port they belong to.</summary>
public enum Listener
{
    /// <summary>Clients: WebSocket and server API.</summary>
    Signal,

    /// <summary>Probes and Prometheus, plain HTTP.</summary>
    Health,

    /// <summary>The operator, over mutual TLS.</summary>
    Control,

    /// <summary>Other nodes that ask for links, over mutual TLS.</summary>
    Relay,
}

/// <summary>Marks connections by the port they came in on, whatever host name the client wrote.</summary>
public static class ListenerExtensions
{
    public static void ServeAs(this ListenOptions options, ConnectionLimit limit) => options.Use(next => connection =>
    {
        connection.Features.Set(new ListenerFeature(limit.Listener));
        return limit.ServeAsync(connection, next);
    });

    public static bool CameInOn(this HttpContext context, Listener listener) =>
        context.Features.Get<ListenerFeature>()?.Listener == listener;

    private sealed record ListenerFeature(Listener Listener);
}
