using BuildIt.RoomApi.Configuration;
using Microsoft.Net.Http.Headers;

namespace BuildIt.RoomApi.Operations;

/// <summary>
/// Answers for a while after the process was asked to end. Kubernetes takes a pod out of its Services and ends it at the same time, so
/// connections are led to it for a moment longer, and would lead nowhere. Whoever has one is told with each answer not to keep it (RFC 9112,
/// section 9.6).
/// </summary>
public sealed class ShutdownDelay(RoomApiSettings settings, IHostApplicationLifetime lifetime, TimeProvider time) : IHostedLifecycleService
{
    /// <summary>Has answers say that the connection ends, once that is so.</summary>
    public Task HandleAsync(HttpContext context, RequestDelegate next)
    {
        if (lifetime.ApplicationStopping.IsCancellationRequested && HttpProtocol.IsHttp11(context.Request.Protocol))
        {
            context.Response.Headers[HeaderNames.Connection] = "close";
        }

        return next(context);
    }

    /// <summary>Comes before the servers stop.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken) =>
        await Task.Delay(settings.ShutdownDelay, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
