using System.Diagnostics;
using BuildIt.Sfu.Signaling.Join;
using BuildIt.Sfu.Telemetry.Traces;
using Microsoft.AspNetCore.Http;

namespace BuildIt.Sfu.Signaling.Sessions;

/// <summary>
/// The span of one client's way into a room, from its request until its media is connected. Names are documented in docs/tracing.md and
/// do not change.
/// </summary>
internal static class JoinSpan
{
    /// <summary>Somebody comes into a room of this node.</summary>
    public const string Join = "node.join";

    /// <summary>Somebody is passed on to the node that serves the room.</summary>
    public const string Proxy = "node.proxy";

    /// <summary>
    /// Who joins with a token later than so is not part of the request that gave it out: a client keeps its token for an hour, and comes
    /// back with it.
    /// </summary>
    private static readonly TimeSpan TokenFreshness = TimeSpan.FromMinutes(1);

    private static readonly ActivitySource Source = new("BuildIt.Sfu.Signaling");

    /// <summary>Begins the span; null where tracing is off.</summary>
    public static Activity? Start(JoinAttempt attempt, DateTimeOffset now)
    {
        if (!Source.HasListeners())
        {
            return null;
        }

        // The token is signed: nobody else says what a join is part of, or whether it is kept.
        var request = OwnSpans.Read(attempt.Claims.Traceparent);
        var isFresh = !attempt.Parameters.Reconnect && attempt.Claims.IssuedAt is { } issued && now - issued < TokenFreshness;
        var span = isFresh
            ? OwnSpans.Start(Source, Join, ActivityKind.Server, request)
            : OwnSpans.Start(Source, Join, ActivityKind.Server, default, request);
        span?.SetTag(SpanTags.Room, attempt.Room).SetTag(SpanTags.Resumed, attempt.Parameters.Reconnect);
        return span;
    }

    /// <summary>The room is here, by a route that is part of something.</summary>
    public static void Found(this Activity? span, string? traceparent)
    {
        if (span is not null)
        {
            // A node that did not answer as the room's may have been asked before.
            span.DisplayName = Join;
            span.AddEvent(new ActivityEvent("room found"));
            if (OwnSpans.Read(traceparent) is var placement && placement != default)
            {
                span.AddLink(new ActivityLink(placement));
            }
        }
    }

    /// <summary>Another node serves the room: the span is that of the way there, and ends with the connection to it.</summary>
    public static void PassOn(this Activity? span)
    {
        if (span is not null)
        {
            span.DisplayName = Proxy;
        }
    }

    /// <summary>The request is over. Whoever has no media by then did not get in.</summary>
    public static void Finish(this Activity? span, HttpContext context)
    {
        if (span is { IsStopped: false })
        {
            span.SetTag(SpanTags.StatusCode, context.Response.StatusCode).SetStatus(ActivityStatusCode.Error).Dispose();
        }
    }
}
