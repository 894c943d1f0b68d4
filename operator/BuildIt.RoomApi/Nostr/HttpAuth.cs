using System.Globalization;
using System.Security.Cryptography;

namespace BuildIt.RoomApi.Nostr;

/// <summary>Why a NIP-98 header was refused, in words for the caller.</summary>
public sealed record HttpAuthFault(string Message);

/// <summary>A request whose caller is known.</summary>
/// <param name="PublicKey">The caller's 32-byte Nostr key. Held for hashing only; never printed.</param>
/// <param name="EventId">Id of the event that authenticated it, in hex: usable once.</param>
public sealed record HttpAuthCaller(ReadOnlyMemory<byte> PublicKey, string EventId)
{
    internal bool HasPayload { get; init; }

    internal string? Payload { get; init; }

    /// <summary>Whether the event was signed for this body.</summary>
    public bool Covers(ReadOnlySpan<byte> body) =>
        (body.IsEmpty && !HasPayload) || Payload == Convert.ToHexStringLower(SHA256.HashData(body));

    public override string ToString() => "caller(hidden)";
}

/// <summary>
/// HTTP authentication by a signed Nostr event (NIP-98). Pure: the request is given as values, and whether the event was
/// used before is for the caller to ask. Thread-safe.
/// </summary>
public static class HttpAuth
{
    public const int Kind = 27235;

    /// <summary>How far the event's time may be from ours, either way.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(60);

    /// <summary>By how much the clocks of two replicas may differ, and Redis may be early to forget.</summary>
    public static readonly TimeSpan Skew = TimeSpan.FromMinutes(10);

    /// <summary>
    /// How long used event ids have to be remembered: as long as one of them could be accepted, by the replica whose clock is furthest
    /// behind.
    /// </summary>
    public static readonly TimeSpan Memory = Window * 2 + Skew;

    private const string Scheme = "Nostr ";
    private const int MaxHeaderLength = 8192;

    /// <param name="header">The Authorization header.</param>
    /// <param name="method">HTTP method, upper case.</param>
    /// <param name="url">Absolute URL with query, built from the configured public URL, never from proxy headers.</param>
    /// <param name="body">The body as received; empty when there is none.</param>
    /// <param name="now">Our time.</param>
    /// <param name="caller">Who asks, when the result is null.</param>
    /// <returns>Null when the request is authentic, else what to correct.</returns>
    public static HttpAuthFault? Verify(string? header, string method, string url, ReadOnlySpan<byte> body, DateTimeOffset now, out HttpAuthCaller? caller)
    {
        return VerifyEvent(header, method, url, now, out caller) ?? (caller!.Covers(body) ? null : BadPayload(out caller));
    }

    /// <summary>
    /// The same before the body is there, which is not read for callers whose event is not in order. Afterwards
    /// <see cref="HttpAuthCaller.Covers"/> has to hold.
    /// </summary>
    public static HttpAuthFault? VerifyEvent(string? header, string method, string url, DateTimeOffset now, out HttpAuthCaller? caller)
    {
        caller = null;
        if (string.IsNullOrEmpty(header) || !header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return new("Send an Authorization header of the form 'Nostr <base64 of a kind 27235 event>' (NIP-98).");
        }

        if (header.Length > MaxHeaderLength)
        {
            return new("The Authorization header is too long.");
        }

        var bytes = new byte[header.Length];
        if (!Convert.TryFromBase64String(header[Scheme.Length..].Trim(), bytes, out var length)
            || !NostrEvent.TryRead(bytes.AsMemory(0, length), out var signed))
        {
            return new("The Authorization header does not hold the base64 of a Nostr event.");
        }

        return Check(signed!, method, url, now) is { } fault ? fault : Accept(signed!, out caller);
    }

    private static HttpAuthFault? Accept(NostrEvent signed, out HttpAuthCaller? caller)
    {
        if (!signed.IsAuthentic())
        {
            caller = null;
            return new("The event's id or signature is wrong.");
        }

        caller = new HttpAuthCaller(signed.PublicKey, Convert.ToHexStringLower(signed.Id.Span))
        {
            HasPayload = signed.HasTag("payload"),
            Payload = signed.SingleTag("payload"),
        };
        return null;
    }

    /// <summary>Everything but the signature, which is checked last because it costs most.</summary>
    private static HttpAuthFault? Check(NostrEvent signed, string method, string url, DateTimeOffset now)
    {
        if (signed.Kind != Kind)
        {
            return new($"The event must be of kind {Kind.ToString(CultureInfo.InvariantCulture)}.");
        }

        if (signed.Content.Length != 0)
        {
            return new("The event's content must be empty.");
        }

        if (Math.Abs(signed.CreatedAt - now.ToUnixTimeSeconds()) > Window.TotalSeconds)
        {
            return new("The event's created_at is more than 60 seconds from the server's time: check the clock and sign again.");
        }

        if (signed.SingleTag("u") != url)
        {
            return new($"The event needs exactly one 'u' tag with the value {url}");
        }

        if (signed.SingleTag("method") != method)
        {
            return new($"The event needs exactly one 'method' tag with the value {method}.");
        }

        return null;
    }

    internal static HttpAuthFault BadPayload(out HttpAuthCaller? caller)
    {
        caller = null;
        return new("The event needs exactly one 'payload' tag with the lower-case hex SHA-256 of the request body.");
    }
}
