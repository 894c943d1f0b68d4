using BuildIt.Sfu.Signaling.Api;
using BuildIt.Sfu.Signaling.Configuration;
using BuildIt.Sfu.Signaling.Sessions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace BuildIt.Sfu.Signaling;

/// <summary>Puts LiveKit's paths on a web application.</summary>
public static class LiveKitEndpointRouteBuilderExtensions
{
    private static readonly string[] Reading = ["GET", "HEAD"];

    private static readonly (string Path, string Says)[] NotHere =
    [
        ("/agent", "Agents are not dispatched by this server; an agent can join a room with a token of its own."),
        ("/whip/{**rest}", "WHIP is not part of this server; publish with a LiveKit SDK."),
        ("/settings/regions", "This server has one region, and this address is it; connect here."),
    ];

    public static IEndpointRouteBuilder MapLiveKit(this IEndpointRouteBuilder endpoints)
    {
        var rtc = endpoints.ServiceProvider.GetRequiredService<RtcEndpoint>();
        var twirp = endpoints.ServiceProvider.GetRequiredService<TwirpEndpoint>();
        var options = endpoints.ServiceProvider.GetRequiredService<LiveKitOptions>();

        // CONNECT is how a WebSocket opens over HTTP/2 (RFC 8441).
        endpoints.MapMethods("/rtc", ["GET", "CONNECT"], context => rtc.JoinAsync(context, version1: false));
        endpoints.MapMethods("/rtc/v1", ["GET", "CONNECT"], context => rtc.JoinAsync(context, version1: true));
        endpoints.MapMethods("/rtc/validate", Reading, context => ValidateAsync(rtc, context, version1: false));
        endpoints.MapMethods("/rtc/v1/validate", Reading, context => ValidateAsync(rtc, context, version1: true));
        endpoints.MapPost("/twirp/{service}/{method}", (HttpContext context, string service, string method) =>
            twirp.HandleAsync(context, service, method));
        // What LiveKit has at these paths and this server has not: an answer that people can read.
        foreach (var (path, what) in NotHere)
        {
            endpoints.Map(path, context => NotHereAsync(context, what));
        }

        endpoints.MapMethods("/", Reading, context =>
        {
            context.Response.StatusCode = options.Healthy() ? StatusCodes.Status200OK : StatusCodes.Status406NotAcceptable;
            context.Response.ContentType = "text/plain";
            return context.Response.WriteAsync(options.Healthy() ? "OK" : "Not Ready");
        });
        return endpoints;
    }

    private static Task NotHereAsync(HttpContext context, string what)
    {
        context.Response.StatusCode = StatusCodes.Status501NotImplemented;
        context.Response.ContentType = "text/plain";
        context.Response.Headers.AccessControlAllowOrigin = "*";
        return context.Response.WriteAsync(what);
    }

    /// <summary>Clients look here for the reason of a failed WebSocket, from any origin, even one that sends no Origin header.</summary>
    private static Task ValidateAsync(RtcEndpoint rtc, HttpContext context, bool version1)
    {
        context.Response.Headers.AccessControlAllowOrigin = "*";
        return rtc.ValidateAsync(context, version1);
    }
}
