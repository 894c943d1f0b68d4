using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Net.Timing;
using BuildIt.Sfu.Node.Load;
using BuildIt.Sfu.Node.Registry;
using BuildIt.Sfu.Node.Relays;
using BuildIt.Sfu.Node.State;

namespace BuildIt.Sfu.Node.Heartbeats;

/// <summary>
/// Once a second: samples the load, takes the lifecycle a step on, and publishes the heartbeat; in between, publishes what cannot wait.
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
    UrgentNews news,
    BackgroundFaults faults,
    TimeProvider time,
    ILogger<HeartbeatService> logger,
    LinkReports? links = null) : BackgroundService
{
    private readonly EarlyBeats _early = new();
    private bool _away;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Heartbeat.Interval, time);
        try
        {
            do
            {
                var isUrgent = await LookAsync();
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
                await TryAsync("heartbeat", () => PublishAsync(isUrgent, stoppingToken));
            }
            while (await BeatEarlyUntilAsync(timer.WaitForNextTickAsync(stoppingToken).AsTask(), stoppingToken));
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

    /// <summary>Waits for the next regular heartbeat, and sends those before it that are due.</summary>
    private async Task<bool> BeatEarlyUntilAsync(Task<bool> tick, CancellationToken stopping)
    {
        while (await Task.WhenAny(tick, news.Raised) != tick)
        {
            _early.OnNews(MonotonicClock.Read());
            if (_early.NextDeadline == Instant.Never)
            {
                break;
            }

            var pause = _early.NextDeadline - MonotonicClock.Read();
            if (pause > TimeSpan.Zero && await Task.WhenAny(tick, Task.Delay(pause, time, stopping)) == tick)
            {
                break;
            }

            var isUrgent = await LookAsync();
            await TryAsync("heartbeat", () => PublishAsync(isUrgent, stopping));
        }

        return await tick;
    }

    /// <summary>Finds out what there is to tell.</summary>
    /// <returns>Whether it cannot wait to be read.</returns>
    private async Task<bool> LookAsync()
    {
        var now = MonotonicClock.Read();
        if (news.Raised.IsCompleted)
        {
            _early.OnNews(now);
        }

        var isUrgent = _early.NextDeadline != Instant.Never;
        news.Take();
        _early.OnBeat(now);

        // Each for itself: a fault of one must not stop the heartbeat, without which the rooms here are placed elsewhere.
        await TryAsync("activity", activity.RefreshAsync);
        if (links is not null)
        {
            await TryAsync("links", links.RefreshAsync);
        }

        return isUrgent;
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

    private async Task PublishAsync(bool isUrgent, CancellationToken cancellation)
    {
        try
        {
            // The registry keeps the heartbeat at least as long as from before it was sent.
            var sent = time.GetTimestamp();
            await registry.PublishAsync(source.Next(), isUrgent, cancellation);
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
