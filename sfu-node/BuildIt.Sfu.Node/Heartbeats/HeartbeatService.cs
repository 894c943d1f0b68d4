using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Node.Load;
using BuildIt.Sfu.Node.Registry;
using BuildIt.Sfu.Node.Relays;
using BuildIt.Sfu.Node.State;

namespace BuildIt.Sfu.Node.Heartbeats;

/// <summary>
/// Once a second: samples the load, takes the lifecycle a step on, and publishes the heartbeat.
/// A registry that is away is told once in the log and changes nothing else.
/// </summary>
public sealed partial class HeartbeatService(
    HeartbeatSource source,
    INodeRegistry registry,
    NodeLifecycle lifecycle,
    LoadMonitor load,
    INodeActivity activity,
    ServingLease lease,
    IHostApplicationLifetime application,
    BackgroundFaults faults,
    TimeProvider time,
    ILogger<HeartbeatService> logger,
    LinkReports? links = null) : BackgroundService
{
    private bool _away;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Heartbeat.Interval, time);
        try
        {
            do
            {
                // Each for itself: a fault of one must not stop the heartbeat, without which the rooms here are placed elsewhere.
                await TryAsync("activity", activity.RefreshAsync);
                if (links is not null)
                {
                    await TryAsync("links", links.RefreshAsync);
                }

                await TryAsync("load", () =>
                {
                    load.Sample();
                    return Task.CompletedTask;
                });
                await TryAsync("lifecycle", () =>
                {
                    Act(lifecycle.Observe(activity.Rooms, activity.Participants, time.GetUtcNow()));
                    return Task.CompletedTask;
                });
                await TryAsync("heartbeat", () => PublishAsync(stoppingToken));
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            await registry.RemoveAsync(source.Node, cancellationToken);
        }
        catch (Exception e) when (e is RegistryUnavailableException or OperationCanceledException)
        {
            // The heartbeat expires by itself.
        }
    }

    private async Task TryAsync(string name, Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            faults.Count(name, e);
        }
    }

    private void Act(LifecycleActions actions)
    {
        if (actions.HasFlag(LifecycleActions.ReconnectClients))
        {
            LogReconnecting(activity.Participants);
            activity.ReconnectEverybody();
        }

        if (actions.HasFlag(LifecycleActions.Exit))
        {
            LogDrained();
            application.StopApplication();
        }
    }

    private async Task PublishAsync(CancellationToken cancellation)
    {
        try
        {
            // The registry keeps the heartbeat at least as long as from before it was sent.
            var sent = time.GetTimestamp();
            await registry.PublishAsync(source.Next(), cancellation);
            lease.Renew(sent, Heartbeat.Expiry);
            if (_away)
            {
                _away = false;
                LogBack();
            }
        }
        catch (RegistryUnavailableException e)
        {
            if (!_away)
            {
                _away = true;
                LogAway(e);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The registry cannot be reached; conferences here go on, the operator is asked to probe this node directly")]
    private partial void LogAway(Exception exception);

    [LoggerMessage(Level = LogLevel.Information, Message = "The registry is back")]
    private partial void LogBack();

    [LoggerMessage(Level = LogLevel.Information, Message = "Drain: asking {Participants} participants to reconnect elsewhere")]
    private partial void LogReconnecting(int participants);

    [LoggerMessage(Level = LogLevel.Information, Message = "Drained; the process ends")]
    private partial void LogDrained();
}
