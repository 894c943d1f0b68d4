using System.Collections.Concurrent;
using BuildIt.Operator.Api;
using BuildIt.Operator.Runtime.Caching;
using Prometheus;

namespace BuildIt.Operator.Rooms;

/// <summary>What the leading operator measures of rooms: how long they wait, move and recover. Any thread.</summary>
internal sealed class RoomMetrics(TimeProvider time)
{
    private static readonly double[] Buckets = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120];

    private static readonly Histogram ReadySeconds = Prometheus.Metrics.CreateHistogram(
        "buildit_room_ready_seconds", "Time from the creation of a room until it has a pod.", new HistogramConfiguration { Buckets = Buckets });

    private static readonly Counter Failovers = Prometheus.Metrics.CreateCounter(
        "buildit_room_failovers_total", "Rooms that got another pod because theirs died.", "namespace");

    private static readonly Histogram FailoverSeconds = Prometheus.Metrics.CreateHistogram(
        "buildit_room_failover_seconds", "Time from the death of a room's pod being certain until another serves the room.", new HistogramConfiguration { Buckets = Buckets });

    private static readonly Counter Moves = Prometheus.Metrics.CreateCounter(
        "buildit_room_moves_total", "Rooms that moved to another pod while theirs lived, by why: drain, hand.", "namespace", "cause");

    private static readonly Histogram MoveSeconds = Prometheus.Metrics.CreateHistogram(
        "buildit_room_move_seconds", "Time from the decision to move a room until its new pod serves it; people see at most that gap.", new HistogramConfiguration { Buckets = Buckets });

    private readonly ConcurrentDictionary<ObjectKey, (long Since, bool Lost)> _under = new();

    /// <summary>A room got its first pod.</summary>
    public void Placed(ConferenceRoom room)
    {
        if (room.Metadata.CreationTimestamp is { } created)
        {
            ReadySeconds.Observe(Math.Max(0, (time.GetUtcNow() - created.ToUniversalTime()).TotalSeconds));
        }
    }

    /// <summary>The pod of a room is dead.</summary>
    public void Lost(ObjectKey room) => _under.AddOrUpdate(room, (time.GetTimestamp(), true), (_, known) => known.Lost ? known : (time.GetTimestamp(), true));

    /// <summary>It got another one.</summary>
    public static void FailedOver(ObjectKey room) => Failovers.WithLabels(room.Namespace).Inc();

    /// <summary>A room moves.</summary>
    public void Moving(ObjectKey room, bool byHand)
    {
        _under[room] = (time.GetTimestamp(), false);
        Moves.WithLabels(room.Namespace, byHand ? "hand" : "drain").Inc();
    }

    /// <summary>Its pod serves a room.</summary>
    public void Serving(ObjectKey room)
    {
        if (_under.TryRemove(room, out var under))
        {
            (under.Lost ? FailoverSeconds : MoveSeconds).Observe(time.GetElapsedTime(under.Since).TotalSeconds);
        }
    }

    public void Forget(ObjectKey room) => _under.TryRemove(room, out _);
}
