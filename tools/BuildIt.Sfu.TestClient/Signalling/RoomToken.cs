using BuildIt.Sfu.Signaling.Tokens;

namespace BuildIt.Sfu.TestClient.Signalling;

/// <summary>Tokens for headless participants.</summary>
public static class RoomToken
{
    /// <summary>A token that lets <paramref name="identity"/> do everything a participant may in <paramref name="room"/>.</summary>
    public static string Create(string apiKey, string apiSecret, string room, string identity, TimeSpan? lifetime = null) =>
        new TokenSigner(ApiKeys.Single(apiKey, apiSecret)).Sign(
            new AccessClaims
            {
                Issuer = apiKey,
                Identity = identity,
                Name = identity,
                Video = new VideoGrant { RoomJoin = true, Room = room, CanUpdateOwnMetadata = true },
            },
            DateTimeOffset.UtcNow,
            lifetime ?? TokenSigner.DefaultLifetime);
}
