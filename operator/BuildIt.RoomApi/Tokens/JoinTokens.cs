using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using BuildIt.Operator.Api;
using BuildIt.RoomApi.Identity;
using BuildIt.Sfu.Contracts;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace BuildIt.RoomApi.Tokens;

/// <summary>A signed join token and when it stops being one.</summary>
public sealed record JoinToken(string Text, DateTimeOffset ExpiresAt)
{
    public override string ToString() => "JoinToken(***)";
}

/// <summary>What a join token that was shown to us says.</summary>
public sealed record JoinTokenClaims(string Room, ParticipantId Participant, DateTimeOffset IssuedAt);

/// <summary>
/// Issues and reads the tokens that SFU nodes accept: LiveKit access tokens, JWTs signed with HS256 whose <c>sub</c> is the
/// participant id and whose <c>video</c> claim holds the grants. Thread-safe.
/// </summary>
/// <param name="keys">All keys that are valid now, so that they can be rotated.</param>
/// <param name="signingKey">The one that signs.</param>
/// <param name="time">The clock.</param>
public sealed class JoinTokens(IReadOnlyList<ApiKey> keys, ApiKey signingKey, TimeProvider time)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    private static readonly TimeSpan AdminLifetime = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Leeway = TimeSpan.FromSeconds(60);
    private const int MaxLength = 8192;

    private readonly JsonWebTokenHandler _handler = new() { SetDefaultTimesOnTokenCreation = false, MapInboundClaims = false };

    /// <summary>A token with which one participant may join one room, as what was decided about them says.</summary>
    /// <param name="room">The room.</param>
    /// <param name="participant">Who.</param>
    /// <param name="decision">What was decided about them.</param>
    /// <param name="traceparent">What the join is part of (W3C Trace Context): the only thing that every client brings to the node unchanged is its token.</param>
    public JoinToken Issue(ConferenceRoom room, ParticipantId participant, Decision decision, string? traceparent = null)
    {
        var role = decision.EffectiveRole;
        var permissions = Permissions.Of(role, room.Spec.Settings);
        var expires = time.GetUtcNow() + Lifetime;
        if (room.Spec.ExpiresAt is { } end && new DateTimeOffset(end.ToUniversalTime()) is var last && last < expires)
        {
            expires = last;
        }

        // Whoever was let back in the moment after they were put out must not be given what is refused.
        var issued = Math.Max(time.GetUtcNow().ToUnixTimeMilliseconds(), decision.TokensFrom);
        var text = Sign(participant.Text, issued, expires, json =>
        {
            // Not canUpdateOwnMetadata: the role is in the attributes, and nobody gives roles to themselves. Not roomAdmin
            // either: moderation goes through the room-api, which knows who was demoted since the token was issued.
            json.WriteStartObject("video");
            json.WriteBoolean("roomJoin", true);
            json.WriteString("room", room.Metadata.Name);
            json.WriteBoolean("canPublish", permissions.Publish);
            json.WriteBoolean("canSubscribe", permissions.Subscribe);
            json.WriteBoolean("canPublishData", permissions.Publish);
            json.WriteBoolean("canUpdateOwnMetadata", false);
            if (permissions.PublishSources is { Count: > 0 } sources)
            {
                json.WriteStartArray("canPublishSources");
                foreach (var source in sources)
                {
                    json.WriteStringValue(source);
                }

                json.WriteEndArray();
            }

            json.WriteEndObject();
            json.WriteStartObject("attributes");
            foreach (var (name, value) in ParticipantAttributes.Of(role, permissions))
            {
                json.WriteString(name, value);
            }

            json.WriteEndObject();
            if (traceparent is not null)
            {
                json.WriteString("traceparent", traceparent);
            }
        });
        return new JoinToken(text, expires);
    }

    /// <summary>A token with which the room-api itself moderates one room through a node's server API; valid for 30 seconds.</summary>
    public string IssueAdmin(string room) => Sign("room-api", time.GetUtcNow().ToUnixTimeMilliseconds(), time.GetUtcNow() + AdminLifetime, json =>
    {
        json.WriteStartObject("video");
        json.WriteBoolean("roomAdmin", true);
        json.WriteString("room", room);
        json.WriteEndObject();
    });

    /// <summary>Reads a join token. Null for anything that is not a valid one of ours: expired, altered, of another kind.</summary>
    public async Task<JoinTokenClaims?> ReadAsync(string token)
    {
        if (await VerifyAsync(token) is not { } jwt)
        {
            return null;
        }

        return VideoOf(jwt) is { } video
            && video.TryGetProperty("roomJoin", out var join) && join.ValueKind == JsonValueKind.True
            && video.TryGetProperty("room", out var room) && room.ValueKind == JsonValueKind.String && RoomIds.IsValid(room.GetString())
            && ParticipantId.TryParse(jwt.Subject, out var participant)
            && IssuedAt(jwt) is { } issued
            ? new JoinTokenClaims(room.GetString()!, participant, issued)
            : null;
    }

    /// <summary>
    /// Which room a node of the fleet may have created with a token: one that carries <c>roomCreate</c> for it, and ends so soon that
    /// it was made for this.
    /// </summary>
    /// <returns>The room; null for any other token.</returns>
    public async Task<string?> MayCreateAsync(string token) =>
        await VerifyAsync(token) is { } jwt
        && VideoOf(jwt) is { } video
        && video.TryGetProperty("roomCreate", out var create) && create.ValueKind == JsonValueKind.True
        && video.TryGetProperty("room", out var named) && named.ValueKind == JsonValueKind.String
        && new DateTimeOffset(jwt.ValidTo) <= time.GetUtcNow() + RoomCreation.TokenLifetime + Leeway
            ? named.GetString()
            : null;

    private async Task<JsonWebToken?> VerifyAsync(string token)
    {
        if (token.Length > MaxLength)
        {
            return null;
        }

        var result = await _handler.ValidateTokenAsync(token, new TokenValidationParameters
        {
            ValidAlgorithms = [SecurityAlgorithms.HmacSha256],
            ValidateAudience = false,
            ValidIssuers = keys.Select(key => key.Name),
            IssuerSigningKeyResolver = (_, unverified, _, _) => keys.Where(key => key.Name == unverified.Issuer).Select(key => key.SecurityKey),
            RequireExpirationTime = true,
            LifetimeValidator = (notBefore, expires, _, _) => expires is { } end
                && time.GetUtcNow() < new DateTimeOffset(end)
                && (notBefore is not { } start || time.GetUtcNow() + Leeway >= new DateTimeOffset(start)),
        });
        return result.IsValid ? result.SecurityToken as JsonWebToken : null;
    }

    private static JsonElement? VideoOf(JsonWebToken token) =>
        token.TryGetPayloadValue<JsonElement>("video", out var video) && video.ValueKind == JsonValueKind.Object ? video : null;

    /// <summary>When a token was issued, with its fraction of a second, which the library drops (RFC 7519 section 2 allows it).</summary>
    private static DateTimeOffset? IssuedAt(JsonWebToken token)
    {
        using var claims = JsonDocument.Parse(Base64Url.DecodeFromChars(token.EncodedPayload));
        return claims.RootElement.TryGetProperty(JwtRegisteredClaimNames.Iat, out var value) && value.TryGetDouble(out var seconds)
            && seconds is >= 0 and <= 253_402_300_799
            ? DateTimeOffset.FromUnixTimeMilliseconds((long)Math.Round(seconds * 1000))
            : null;
    }

    private string Sign(string subject, long issuedMilliseconds, DateTimeOffset expires, Action<Utf8JsonWriter> claims)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("iss", signingKey.Name);
            json.WriteString("sub", subject);
            json.WriteNumber("iat", issuedMilliseconds / 1000m);
            json.WriteNumber("nbf", time.GetUtcNow().ToUnixTimeSeconds());
            json.WriteNumber("exp", expires.ToUnixTimeSeconds());
            claims(json);
            json.WriteEndObject();
        }

        return _handler.CreateToken(
            Encoding.UTF8.GetString(buffer.WrittenSpan),
            new SigningCredentials(signingKey.SecurityKey, SecurityAlgorithms.HmacSha256));
    }
}
