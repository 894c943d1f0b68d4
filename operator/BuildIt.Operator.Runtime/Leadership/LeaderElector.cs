using System.Globalization;
using BuildIt.Operator.Runtime.Client;
using BuildIt.Operator.Runtime.Metrics;
using k8s.Models;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BuildIt.Operator.Runtime.Leadership;

/// <summary>Is told that leadership is lost. The process must end: what it has in memory may be behind.</summary>
public interface ILeadershipLoss
{
    void OnLost();
}

/// <summary>
/// Holds a Lease while it can. Releases it on shutdown, so that another process leads at once; when it is lost, the
/// process ends. Serves as the fence of every write that only the leader may make.
/// </summary>
public sealed partial class LeaderElector(
    ApiClient client, string ns, string leaseName, string identity, LeaderElectionOptions options, ILeadershipLoss loss, TimeProvider time, ILogger<LeaderElector> log)
    : BackgroundService, IWriteFence
{
    private readonly Lock _lock = new();

    /// <summary>Leadership is counted by a clock that nobody can set.</summary>
    private readonly long _start = time.GetTimestamp();
    private readonly LeaseElection _election = new(identity, options);
    private readonly TaskCompletionSource _elected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private V1Lease? _lease;
    private bool _released;
    private long _term;

    public TimeSpan WriteBudget
    {
        get
        {
            lock (_lock)
            {
                return _released ? TimeSpan.Zero : _election.WriteBudget(Now);
            }
        }
    }

    public bool MayWrite => WriteBudget > TimeSpan.Zero;

    /// <summary>
    /// The term in which this process leads: later leaders have higher ones, whatever became of the Lease between. It fences what
    /// is written elsewhere than in Kubernetes. 0 before it has led.
    /// </summary>
    public long Term => Interlocked.Read(ref _term);

    private TimeSpan Now => time.GetElapsedTime(_start);

    /// <summary>Completes when this process leads for the first time.</summary>
    public Task WaitUntilLeadingAsync(CancellationToken cancellation) => _elected.Task.WaitAsync(cancellation);

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
        if (!MayWrite || _lease is not { } lease)
        {
            return;
        }

        lock (_lock)
        {
            _released = true;
        }

        try
        {
            // As client-go does: a nameless holder and a second's duration mean that the Lease is free.
            lease.Spec.HolderIdentity = string.Empty;
            lease.Spec.LeaseDurationSeconds = 1;
            await client.ReplaceAsync(lease, null, cancellationToken).ConfigureAwait(false);
            LogReleased(identity);
        }
        catch (Exception failure) when (IsTransient(failure) || failure is OperationCanceledException)
        {
            LogProblem(failure.Message);
        }
        finally
        {
            RuntimeMetrics.Leader.Set(0);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await TryOnceAsync(stoppingToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (OperationCanceledException)
            {
                LogProblem("the API server did not answer in time");
            }
            catch (Exception failure) when (IsTransient(failure))
            {
                LogProblem(failure.Message);
            }

            bool lost;
            lock (_lock)
            {
                lost = _election.IsLost(Now);
            }

            if (lost)
            {
                RuntimeMetrics.Leader.Set(0);
                LogLost(identity);
                loss.OnLost();
                return;
            }

            try
            {
                // Jitter keeps candidates from trying in step.
                await Task.Delay(options.RetryPeriod * (0.8 + (0.4 * Random.Shared.NextDouble())), time, stoppingToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task TryOnceAsync(CancellationToken cancellation)
    {
        // A call that hangs must not outlast the deadline it is meant to keep.
        using var timeout = new CancellationTokenSource(options.RenewDeadline / 2, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        var lease = await client.GetAsync<V1Lease>(ns, leaseName, either.Token).ConfigureAwait(false);
        var sent = Now;
        LeaseAction action;
        lock (_lock)
        {
            action = _election.Observe(Read(lease), sent);
        }

        var written = time.GetUtcNow().UtcDateTime;
        switch (action)
        {
            case LeaseAction.Create:
                lease = new V1Lease
                {
                    Metadata = new V1ObjectMeta { Name = leaseName, NamespaceProperty = ns },
                    Spec = new V1LeaseSpec { AcquireTime = written, LeaseTransitions = 0 },
                };
                break;
            case LeaseAction.Take:
                lease!.Spec ??= new V1LeaseSpec();
                lease.Spec.AcquireTime = written;
                lease.Spec.LeaseTransitions = (lease.Spec.LeaseTransitions ?? 0) + 1;
                break;
            case LeaseAction.Wait:
                return;
        }

        lease!.Spec.HolderIdentity = identity;
        lease.Spec.RenewTime = written;
        lease.Spec.LeaseDurationSeconds = Math.Max(1, (int)options.LeaseDuration.TotalSeconds);
        _lease = action == LeaseAction.Create
            ? await client.CreateAsync(lease, either.Token).ConfigureAwait(false)
            : await client.ReplaceAsync(lease, null, either.Token).ConfigureAwait(false);
        if (action is not LeaseAction.Renew || Term == 0)
        {
            // The store's revision: the one number that grows even when somebody deletes the Lease, with which its count of
            // transitions would begin anew. A store that counts otherwise leaves that count.
            Interlocked.Exchange(
                ref _term,
                long.TryParse(_lease.Metadata.ResourceVersion, NumberStyles.None, CultureInfo.InvariantCulture, out var revision) ? revision : (_lease.Spec.LeaseTransitions ?? 0) + 1);
        }

        lock (_lock)
        {
            _election.Renewed(sent);
        }

        if (_elected.TrySetResult())
        {
            RuntimeMetrics.Leader.Set(1);
            LogElected(identity);
        }
    }

    private static LeaseRecord? Read(V1Lease? lease) => lease is null ? null : new LeaseRecord(
        lease.Spec?.HolderIdentity ?? string.Empty,
        lease.Spec?.RenewTime?.ToString("O", CultureInfo.InvariantCulture) ?? string.Empty,
        lease.Spec?.LeaseTransitions ?? 0,
        lease.Metadata.ResourceVersion);

    private static bool IsTransient(Exception failure) => failure is ApiException or HttpRequestException or TimeoutException or IOException;

    [LoggerMessage(Level = LogLevel.Information, Message = "{Identity} leads")]
    private partial void LogElected(string identity);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Identity} has released the lease")]
    private partial void LogReleased(string identity);

    [LoggerMessage(Level = LogLevel.Critical, Message = "{Identity} no longer leads; the process ends")]
    private partial void LogLost(string identity);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The lease could not be read or renewed: {Problem}")]
    private partial void LogProblem(string problem);
}
