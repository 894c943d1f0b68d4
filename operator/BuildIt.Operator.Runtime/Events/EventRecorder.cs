using System.Text.Json.Nodes;
using System.Threading.Channels;
using BuildIt.Operator.Runtime.Client;
using BuildIt.Operator.Runtime.Metrics;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BuildIt.Operator.Runtime.Events;

/// <summary>Tells people what was done to an object and why, as Kubernetes Events.</summary>
public interface IEventRecorder
{
    /// <summary>Something ordinary. Never waits and never throws; Events may be lost.</summary>
    void Normal(IKubernetesObject<V1ObjectMeta> about, string reason, string message);

    /// <summary>Something to look at. Never waits and never throws; Events may be lost.</summary>
    void Warning(IKubernetesObject<V1ObjectMeta> about, string reason, string message);
}

/// <summary>Writes Events in the background, de-duplicated by <see cref="EventAggregator"/>.</summary>
public sealed partial class EventRecorder(ApiClient client, string component, string instance, TimeProvider time, ILogger<EventRecorder> log)
    : BackgroundService, IEventRecorder
{
    private const int MaxMessageLength = 1024;

    /// <summary>A burst of rooms says one thing each, and they are written one after the other.</summary>
    private const int MostPending = 16_384;

    /// <summary>
    /// For each second in which an Event is written, so many are left to the writes that it tells of. A server that answers slowly
    /// has other work.
    /// </summary>
    private const int Restraint = 3;

    private static readonly TimeSpan LongestRest = TimeSpan.FromMilliseconds(250);

    private readonly EventAggregator _aggregator = new();
    private readonly Channel<Pending> _pending = Channel.CreateBounded<Pending>(
        new BoundedChannelOptions(MostPending) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    public void Normal(IKubernetesObject<V1ObjectMeta> about, string reason, string message) => Enqueue(about, false, reason, message);

    public void Warning(IKubernetesObject<V1ObjectMeta> about, string reason, string message) => Enqueue(about, true, reason, message);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (var pending in _pending.Reader.ReadAllAsync(stoppingToken).ConfigureAwait(false))
            {
                var start = time.GetTimestamp();
                await WriteAsync(pending, stoppingToken).ConfigureAwait(false);
                var rest = time.GetElapsedTime(start) * Restraint;
                await Task.Delay(rest < LongestRest ? rest : LongestRest, time, stoppingToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private void Enqueue(IKubernetesObject<V1ObjectMeta> about, bool warning, string reason, string message)
    {
        ArgumentNullException.ThrowIfNull(about);
        var subject = new V1ObjectReference
        {
            ApiVersion = about.ApiVersion,
            Kind = about.Kind,
            Name = about.Metadata.Name,
            NamespaceProperty = about.Metadata.NamespaceProperty,
            Uid = about.Metadata.Uid,
            ResourceVersion = about.Metadata.ResourceVersion,
        };
        var text = new EventText(about.Metadata.Uid ?? about.Metadata.Name, warning, reason, message.Length <= MaxMessageLength ? message : message[..MaxMessageLength]);
        _pending.Writer.TryWrite(new Pending(subject, text, time.GetUtcNow()));
    }

    private async Task WriteAsync(Pending pending, CancellationToken cancellation)
    {
        var decision = _aggregator.Decide(pending.Text, pending.At);
        try
        {
            switch (decision.Action)
            {
                case EventAction.Create:
                    await client.CreateAsync(Build(pending, decision), cancellation).ConfigureAwait(false);
                    RuntimeMetrics.Events.WithLabels("created").Inc();
                    break;
                case EventAction.Count:
                    var patch = new JsonObject
                    {
                        ["count"] = decision.Count,
                        ["message"] = decision.Message,
                        ["lastTimestamp"] = pending.At.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture),
                    };
                    await client.MergePatchAsync<Corev1Event>(NamespaceOf(pending), NameOf(pending, decision), patch, cancellation).ConfigureAwait(false);
                    RuntimeMetrics.Events.WithLabels("counted").Inc();
                    break;
                default:
                    RuntimeMetrics.Events.WithLabels("dropped").Inc();
                    break;
            }
        }
        catch (ApiException gone) when (gone.IsNotFound)
        {
            // The server has forgotten the Event (they live for an hour): the next occurrence makes a new one.
            _aggregator.Forget(pending.Text);
        }
        catch (Exception failure) when (failure is ApiException or HttpRequestException or TimeoutException or IOException or WriteFencedException)
        {
            RuntimeMetrics.Events.WithLabels("failed").Inc();
            LogFailed(pending.Text.Reason, failure.Message);
        }
    }

    private Corev1Event Build(Pending pending, EventDecision decision) => new()
    {
        Metadata = new V1ObjectMeta { Name = NameOf(pending, decision), NamespaceProperty = NamespaceOf(pending) },
        InvolvedObject = pending.Subject,
        Type = pending.Text.IsWarning ? "Warning" : "Normal",
        Reason = pending.Text.Reason,
        Message = decision.Message,
        Count = decision.Count,
        FirstTimestamp = decision.First.UtcDateTime,
        LastTimestamp = pending.At.UtcDateTime,
        Source = new V1EventSource { Component = component, Host = instance },
        ReportingComponent = component,
        ReportingInstance = instance,
    };

    private static string NamespaceOf(Pending pending) => pending.Subject.NamespaceProperty is { Length: > 0 } ns ? ns : "default";

    private static string NameOf(Pending pending, EventDecision decision) => $"{pending.Subject.Name}.{decision.Name}";

    [LoggerMessage(Level = LogLevel.Debug, Message = "Event {Reason} was not written: {Problem}")]
    private partial void LogFailed(string reason, string problem);

    private sealed record Pending(V1ObjectReference Subject, EventText Text, DateTimeOffset At);
}
