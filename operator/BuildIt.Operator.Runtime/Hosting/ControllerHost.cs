using BuildIt.Operator.Runtime.Caching;
using BuildIt.Operator.Runtime.Leadership;
using BuildIt.Operator.Runtime.Reconciliation;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BuildIt.Operator.Runtime.Hosting;

/// <summary>Runs the informers from the start, and the controllers once the caches are complete and this process leads.</summary>
internal sealed partial class ControllerHost(
    IServiceProvider services,
    IEnumerable<Action<IServiceProvider>> wiring,
    CacheRegistry caches,
    IEnumerable<IController> controllers,
    LeaderElector elector,
    OperatorOptions options,
    OperatorHealth health,
    ILogger<ControllerHost> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        foreach (var wire in wiring)
        {
            wire(services);
        }

        health.Start();
        var informers = caches.All;
        var watching = informers.Select(i => i.RunAsync(stoppingToken)).ToList();
        try
        {
            // A standby keeps its caches warm, so that it can take over at once.
            await Task.WhenAll(informers.Select(i => i.WaitForSyncAsync(stoppingToken))).ConfigureAwait(false);
            health.MarkSynced();
            LogSynced(informers.Count);
            await elector.WaitUntilLeadingAsync(stoppingToken).ConfigureAwait(false);
            await Task.WhenAll(controllers.Select(c => c.RunAsync(stoppingToken))).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }

        await Task.WhenAll(watching).ConfigureAwait(false);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        using var grace = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        grace.CancelAfter(options.ShutdownGrace);
        await base.StopAsync(grace.Token).ConfigureAwait(false);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "All {Count} caches are complete")]
    private partial void LogSynced(int count);
}
