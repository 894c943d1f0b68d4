using System.Diagnostics;
using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Telemetry.Traces;

namespace BuildIt.Sfu.Node.Routing;

/// <summary>Spans of what routes make a node do. Names are documented in docs/tracing.md and do not change.</summary>
internal static class RoomSpans
{
    /// <summary>A room is opened because a route gives it to this node.</summary>
    public const string Open = "node.open";

    private static readonly ActivitySource Source = new("BuildIt.Sfu.Node");

    /// <summary>Part of what gave the room to this node; null where that is not known, and where tracing is off.</summary>
    public static Activity? Opening(RoomRoute route)
    {
        if (OwnSpans.Read(route.Traceparent) is var parent && parent == default)
        {
            return null;
        }

        var span = OwnSpans.Start(Source, Open, ActivityKind.Consumer, parent);
        span?.SetTag(SpanTags.Room, route.Room.Value).SetTag(SpanTags.Generation, route.Generation);
        return span;
    }
}
