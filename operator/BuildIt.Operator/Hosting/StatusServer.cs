using BuildIt.Operator.Debugging;
using BuildIt.Operator.Runtime.Hosting;
using BuildIt.Operator.Runtime.Webhooks;
using BuildIt.Operator.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BuildIt.Operator.Hosting;

/// <summary>Answers the probes of the operator's own pod, serves its metrics, and tells its reasons to whoever may ask, over plain HTTP.</summary>
internal sealed class StatusServer(OperatorSettings settings, OperatorHealth health, ILoggerFactory logs, IEnumerable<WebhookCertificates> webhooks, DebugEndpoints debugging, ConditionMetrics conditions) : IHostedService, IAsyncDisposable
{
    private WebApplication? _app;

    /// <summary>The port listened on; 0 before start.</summary>
    public int Port { get; private set; }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(logs);
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 0;
            kestrel.Limits.MaxConcurrentConnections = 64;
            kestrel.ListenAnyIP(settings.HttpPort);
        });
        _app = builder.Build();
        _app.UseRouting();
        _app.MapGet("/healthz", context => AnswerAsync(context, health.IsLive));
        _app.MapGet("/readyz", context => AnswerAsync(context, health.IsReady && webhooks.All(webhook => webhook.IsReady)));
        _app.MapGet("/metrics", WriteMetricsAsync);
        debugging.Map(_app);
        await _app.StartAsync(cancellationToken).ConfigureAwait(false);
        var address = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        Port = BindingAddress.Parse(address).Port;
    }

    public Task StopAsync(CancellationToken cancellationToken) => _app?.StopAsync(cancellationToken) ?? Task.CompletedTask;

    public ValueTask DisposeAsync() => _app?.DisposeAsync() ?? ValueTask.CompletedTask;

    private static Task AnswerAsync(HttpContext context, bool good)
    {
        context.Response.StatusCode = good ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        return context.Response.WriteAsync(good ? "ok\n" : "not yet\n", context.RequestAborted);
    }

    private Task WriteMetricsAsync(HttpContext context)
    {
        conditions.Collect();
        context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        return Prometheus.Metrics.DefaultRegistry.CollectAndExportAsTextAsync(context.Response.Body, context.RequestAborted);
    }
}
