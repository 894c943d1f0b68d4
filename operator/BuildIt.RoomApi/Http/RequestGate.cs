using System.Net;
using BuildIt.RoomApi.Configuration;
using BuildIt.RoomApi.Identity;
using BuildIt.RoomApi.Nostr;
using BuildIt.RoomApi.Regions;
using BuildIt.RoomApi.Registry;
using BuildIt.RoomApi.Tokens;
using Microsoft.AspNetCore.Http.Features;

namespace BuildIt.RoomApi.Http;

/// <summary>
/// Stands before every handler: limits, body, signature, replay, in the order of what they cost. What does not pass has
/// changed nothing.
/// </summary>
public sealed class RequestGate(
    RoomApiSettings settings, Pseudonyms names, RequestMemory memory, JoinTokens tokens, LargeBodies large, TimeProvider time)
{
    /// <summary>The largest body that most endpoints read, in bytes.</summary>
    public const int MaxBody = 16 * 1024;

    /// <summary>Of a body that is larger, so much is still taken off the wire, so that a client that sends it all reads the answer.</summary>
    public const int MaxUnread = 4 << 20;

    /// <summary>How long a body may take to arrive.</summary>
    private static readonly TimeSpan BodyPatience = TimeSpan.FromSeconds(10);

    private const string BearerScheme = "Bearer";

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    /// <summary>Lets a request pass, and leaves its <see cref="Caller"/> in the features.</summary>
    /// <exception cref="ApiProblem">It does not pass.</exception>
    /// <exception cref="RegistryUnavailableException">Redis is away, and the request needs it.</exception>
    public async Task PassAsync(HttpContext context, GateMetadata endpoint)
    {
        var policy = endpoint.Policy;
        var address = settings.TrustedProxies.Resolve(context.Connection.RemoteIpAddress, context.Request.Headers["X-Forwarded-For"]);
        await LimitAddressAsync(address, policy, context.RequestAborted);
        if (policy == GatePolicy.Public)
        {
            context.Features.Set(new Caller { Address = address });
            return;
        }

        var authorization = context.Request.Headers.Authorization;
        if (authorization.Count > 1)
        {
            throw ApiProblem.Unauthorized("Send exactly one Authorization header.");
        }

        var caller = policy == GatePolicy.SignedOrToken && TokenIn(authorization.ToString()) is { } token
            ? await ByTokenAsync(context, endpoint, token, address)
            : await BySignatureAsync(context, endpoint, authorization, address);
        context.Features.Set(caller);
    }

    internal static ApiProblem TooLarge(int most = MaxBody) => new(
        StatusCodes.Status413PayloadTooLarge, "body-too-large", $"The body must not be larger than {most} bytes.");

    internal static ApiProblem NotJson() => new(
        StatusCodes.Status415UnsupportedMediaType, "unsupported-media-type", "Send the body as application/json.");

    /// <summary>What follows the scheme of a bearer token (RFC 6750 section 2.1); null for another scheme.</summary>
    internal static string? TokenIn(string authorization) =>
        authorization.StartsWith(BearerScheme, StringComparison.OrdinalIgnoreCase) && authorization[BearerScheme.Length..] is var rest && rest is "" or [' ', ..]
            ? rest.Trim()
            : null;

    private async Task LimitAddressAsync(IPAddress? address, GatePolicy policy, CancellationToken cancellation)
    {
        if (address is null)
        {
            return;
        }

        try
        {
            await LimitAddressAsync(address, "address", settings.AddressLimit, Minute, "requests from this address", cancellation);
        }
        catch (RegistryUnavailableException) when (policy == GatePolicy.Public)
        {
            // What everybody may read anyway does not depend on Redis.
        }
    }

    /// <summary>Counts something against an address and the prefixes it belongs to.</summary>
    /// <exception cref="ApiProblem">It is too much for one of them.</exception>
    /// <param name="address">Which; null for none.</param>
    /// <param name="what">Names what is counted.</param>
    /// <param name="limit">The most of the smallest prefix in a window.</param>
    /// <param name="window">Its length.</param>
    /// <param name="words">The same for the caller.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <param name="amount">How much to count.</param>
    internal async Task LimitAddressAsync(
        IPAddress? address, string what, int limit, TimeSpan window, string words, CancellationToken cancellation, long amount = 1)
    {
        foreach (var (scope, times) in address is null ? [] : TrustedProxies.LimitScopes(address))
        {
            var bucket = $"{what}:{names.For("rate-address", scope)}";
            if (await memory.CountAsync(bucket, limit * times, window, cancellation, amount) is { } wait)
            {
                throw ApiProblem.TooMany(words, wait);
            }
        }
    }

    private async Task<Caller> BySignatureAsync(HttpContext context, GateMetadata endpoint, string? authorization, IPAddress? address)
    {
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (!target.StartsWith('/'))
        {
            throw ApiProblem.BadRequest("The request target must be a path.");
        }

        var url = settings.PublicUrl + target;
        if (HttpAuth.VerifyEvent(authorization, context.Request.Method, url, time.GetUtcNow(), out var verified) is { } fault)
        {
            throw ApiProblem.Unauthorized(fault.Message);
        }

        var body = await ReadBodyAsync(context, endpoint, address);
        if (!verified!.Covers(body.Span))
        {
            throw ApiProblem.Unauthorized(HttpAuth.BadPayload(out _).Message);
        }

        if (!await memory.TryUseAsync(verified!.EventId, context.RequestAborted))
        {
            throw ApiProblem.Unauthorized("This event was used before: sign a new one for every request. Two of the same second need a differing tag.");
        }

        await LimitKeyAsync(names.For("rate-key", verified.PublicKey.Span), context.RequestAborted);
        return new Caller { PublicKey = verified.PublicKey, Body = body, Address = address };
    }

    private async Task<Caller> ByTokenAsync(HttpContext context, GateMetadata endpoint, string token, IPAddress? address)
    {
        if (await tokens.ReadAsync(token) is not { } claims)
        {
            throw ApiProblem.Unauthorized("The join token is not valid or has expired: sign the request with your Nostr key instead (NIP-98).");
        }

        await LimitKeyAsync(names.For("rate-token", System.Text.Encoding.ASCII.GetBytes(claims.Room + claims.Participant.Text)), context.RequestAborted);
        var body = await ReadBodyAsync(context, endpoint, address);
        return new Caller { Token = claims, Body = body, Address = address };
    }

    private async Task LimitKeyAsync(string name, CancellationToken cancellation)
    {
        if (await memory.CountAsync($"key:{name}", settings.KeyLimit, Minute, cancellation) is { } wait)
        {
            throw ApiProblem.TooMany("requests with this key", wait);
        }
    }

    private Task<ReadOnlyMemory<byte>> ReadBodyAsync(HttpContext context, GateMetadata endpoint, IPAddress? address) => ReadBodyAsync(
        context.Request,
        context.RequestAborted,
        endpoint.MaxBody,
        () => context.Response.RegisterForDispose(large.Enter(address)));

    /// <summary>Reads a body whole.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <param name="most">The largest that is read, in bytes.</param>
    /// <param name="enlarge">Called before more than <see cref="MaxBody"/> is kept.</param>
    /// <exception cref="ApiProblem">It is too large, too slow, or not JSON.</exception>
    internal static async Task<ReadOnlyMemory<byte>> ReadBodyAsync(
        HttpRequest request, CancellationToken cancellation, int most = MaxBody, Action? enlarge = null)
    {
        if (request.ContentLength > most)
        {
            throw TooLarge(most);
        }

        var buffer = new byte[MaxBody + 1];
        var length = 0;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(BodyPatience);
        try
        {
            int read;
            while (length < buffer.Length && (read = await request.Body.ReadAsync(buffer.AsMemory(length), patience.Token)) > 0)
            {
                length += read;
                if (length == buffer.Length && length <= most)
                {
                    enlarge?.Invoke();
                    Array.Resize(ref buffer, most + 1);
                }
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new ApiProblem(StatusCodes.Status408RequestTimeout, "request-timeout", "The request did not arrive in time: send it again, faster.");
        }

        if (length > most)
        {
            throw TooLarge(most);
        }

        if (length > 0 && !request.HasJsonContentType())
        {
            throw NotJson();
        }

        if (length > 0 && request.Headers.ContentEncoding.Count > 0)
        {
            throw new ApiProblem(StatusCodes.Status415UnsupportedMediaType, "unsupported-media-type", "Send the body as it is, without Content-Encoding.");
        }

        return buffer.AsMemory(0, length);
    }
}
