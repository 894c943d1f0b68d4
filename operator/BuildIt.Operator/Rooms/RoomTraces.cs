using System.Collections.Concurrent;
using System.Diagnostics;
using BuildIt.Operator.Api;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Operator.Telemetry;
using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Telemetry.Traces;

namespace BuildIt.Operator.Rooms;

/// <summary>
/// What the leading operator traces of rooms, and what nodes are told of it with their routes. Holds nothing while tracing is off, and
/// nothing that a successor would miss. Any thread.
/// </summary>
internal sealed class RoomTraces
{
    private readonly ConcurrentDictionary<ObjectKey, Known> _rooms = new();

    /// <summary>The route of a room, and what it is part of.</summary>
    public RoomRoute? TracedRoute(ConferenceRoom room)
    {
        var route = RoomRoutes.Of(room);
        return route is not null && _rooms.TryGetValue(ObjectKey.Of(room), out var known) && known.Parent is { } parent ? route with { Traceparent = parent } : route;
    }

    /// <summary>A room is to get a pod: part of what happened to it, else of its creation.</summary>
    public Activity? Placing(ConferenceRoom room, string why)
    {
        var parent = _rooms.GetValueOrDefault(ObjectKey.Of(room))?.Since?.Context ?? CreationOf(room);
        var span = OwnSpans.Start(OperatorSpans.Source, OperatorSpans.Place, ActivityKind.Consumer, parent);
        span?.SetTag(SpanTags.Room, room.Metadata.Name).SetTag(SpanTags.Reason, why);
        return span;
    }

    /// <summary>It found one.</summary>
    public void Placed(Activity? span, ConferenceRoom room, string instance, long generation)
    {
        if (span is not null)
        {
            span.SetTag(SpanTags.Instance, instance).SetTag(SpanTags.Generation, generation);
            _rooms.AddOrUpdate(ObjectKey.Of(room), _ => new Known(span.Id, null), (_, known) => known with { Parent = known.Since?.Id ?? span.Id });
        }
    }

    /// <summary>It found none, and will be tried again: a span of each try would say nothing new.</summary>
    public static void Drop(Activity? span)
    {
        if (span is not null)
        {
            span.IsAllDataRequested = false;
            span.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
        }
    }

    /// <summary>A room leaves its pod, because that is dead or because the room is to move.</summary>
    public void Leaving(ConferenceRoom room, bool isLost, string why) => Begin(room, isLost ? OperatorSpans.Failover : OperatorSpans.Move, why);

    /// <summary>Its pod serves a room.</summary>
    public void Serving(ObjectKey room)
    {
        if (_rooms.TryGetValue(room, out var known) && known.Since is { } since && _rooms.TryUpdate(room, known with { Since = null }, known))
        {
            since.Dispose();
        }
    }

    public void Forget(ObjectKey room)
    {
        if (_rooms.TryRemove(room, out var known))
        {
            known.Since?.Dispose();
        }
    }

    /// <summary>A route is published: a span of its own where that is part of something.</summary>
    public static Activity? Publishing() =>
        OwnSpans.Current is { } outer ? OwnSpans.Start(OperatorSpans.Source, OperatorSpans.Publish, ActivityKind.Producer, outer.Context) : null;

    private void Begin(ConferenceRoom room, string name, string why)
    {
        var key = ObjectKey.Of(room);
        if (_rooms.TryGetValue(key, out var known) && known.Since is { } under)
        {
            if (under.OperationName == name)
            {
                return;
            }

            // What was to be a move became a loss.
            under.SetStatus(ActivityStatusCode.Error).Dispose();
        }

        var around = Activity.Current;
        var span = OwnSpans.Start(OperatorSpans.Source, name, ActivityKind.Internal, default, CreationOf(room));
        Activity.Current = around;
        if (span is not null)
        {
            span.SetTag(SpanTags.Room, room.Metadata.Name).SetTag(SpanTags.Reason, why);
            _rooms[key] = new Known(span.Id, span);
        }
    }

    private static ActivityContext CreationOf(ConferenceRoom room) =>
        room.Metadata.Annotations is { } annotations && annotations.TryGetValue(SfuApi.Traceparent, out var text) ? OwnSpans.Read(text) : default;

    /// <param name="Parent">What nodes are told that the placement is part of.</param>
    /// <param name="Since">What happens to the room now; null when nothing does.</param>
    private sealed record Known(string? Parent, Activity? Since);
}
