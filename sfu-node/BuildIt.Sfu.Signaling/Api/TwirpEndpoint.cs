using System.Text;
using System.Text.Json;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Tokens;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace BuildIt.Sfu.Signaling.Api;

/// <summary>POST <c>/twirp/livekit.&lt;Service&gt;/&lt;Method&gt;</c>, in JSON or protobuf (Twirp specification, version 7).</summary>
public sealed partial class TwirpEndpoint(
    TokenVerifier tokens, RoomService rooms, RequestBodies bodies, TimeProvider time, ILogger<TwirpEndpoint> log)
{
    /// <summary>Largest request body in bytes: metadata of the largest size, with every character of it escaped in JSON.</summary>
    public const int MaxBody = 2 * 1024 * 1024;

    private static readonly string[] OtherServices =
        ["Egress", "Ingress", "SIP", "AgentDispatchService", "CloudAgent", "Connector", "PhoneNumberService"];

    public async Task HandleAsync(HttpContext context, string service, string method)
    {
        TwirpResult result;
        var json = false;
        try
        {
            (result, json) = await CallAsync(context, service, method).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            return;
        }
        catch (Exception error)
        {
            LogFault(log, service, method, error);
            result = new TwirpError("internal", "internal error");
        }

        if (result.Error is { } refused)
        {
            await WriteErrorAsync(context, refused).ConfigureAwait(false);
        }
        else if (result.Response is { } response)
        {
            await WriteAsync(context, json ? "application/json" : "application/protobuf", json
                ? Encoding.UTF8.GetBytes(WireCodec.Format(response))
                : response.ToByteArray()).ConfigureAwait(false);
        }
    }

    private async Task<(TwirpResult Result, bool Json)> CallAsync(HttpContext context, string service, string method)
    {
        var type = context.Request.ContentType?.Split(';')[0].Trim();
        var json = string.Equals(type, "application/json", StringComparison.OrdinalIgnoreCase);
        if (!json && !string.Equals(type, "application/protobuf", StringComparison.OrdinalIgnoreCase))
        {
            return (new TwirpError("bad_route", "unexpected Content-Type"), json);
        }

        if (BearerToken.From(context.Request) is not { } token
            || tokens.Verify(token, time.GetUtcNow(), out var claims) != TokenError.None)
        {
            return (new TwirpError("unauthenticated", "permissions denied"), json);
        }

        if (service != "livekit.RoomService")
        {
            return (OtherServices.Any(s => service == "livekit." + s)
                ? new TwirpError("unimplemented", $"{service} is not part of this server")
                : new TwirpError("bad_route", $"no handler for {service}"), json);
        }

        if (!rooms.Methods.TryGetValue(method, out var called))
        {
            return (new TwirpError("bad_route", $"no method {method}"), json);
        }

        if (!called.MayAtAll(claims.Video))
        {
            return (new TwirpError("permission_denied", "permissions denied"), json);
        }

        // Tokens of participants who moderate are many; those of servers have no identity.
        var caller = claims.Identity.Length > 0 ? $"{claims.Issuer}/{claims.Video.Room}/{claims.Identity}" : "";
        var (body, fault) = await bodies.ReadAsync(context.Request, MaxBody, caller).ConfigureAwait(false);
        if (fault != BodyFault.None)
        {
            return (fault switch
            {
                BodyFault.TooSlow => new TwirpError("deadline_exceeded", "the request did not arrive in time: send it again, faster"),
                BodyFault.Incomplete => new TwirpError("malformed", "the request ended before its body did"),
                BodyFault.TooMany => new TwirpError("resource_exhausted", "too many requests at once: ask again"),
                _ => new TwirpError("resource_exhausted", $"the request is larger than {MaxBody} bytes"),
            }, json);
        }

        // So that the request can be passed on to another node as it came.
        context.Request.Body = new MemoryStream(body, writable: false);
        return (await called.Act(new RoomServiceCall(context, claims, body, json)).ConfigureAwait(false), json);
    }

    /// <summary>The Node SDK compares the content type of errors strictly, so it carries no charset.</summary>
    private static Task WriteErrorAsync(HttpContext context, TwirpError error)
    {
        context.Response.StatusCode = error.Status;
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("code", error.Code);
            json.WriteString("msg", error.Message);
            json.WriteStartObject("meta");
            foreach (var (key, value) in error.Meta)
            {
                json.WriteString(key, value);
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        return WriteAsync(context, "application/json", buffer.ToArray());
    }

    private static Task WriteAsync(HttpContext context, string type, byte[] body)
    {
        context.Response.ContentType = type;
        context.Response.ContentLength = body.Length;
        return context.Response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Service}/{Method} failed")]
    private static partial void LogFault(ILogger log, string service, string method, Exception error);
}
