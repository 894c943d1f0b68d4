namespace BuildIt.Sfu.Signaling.Tokens;

/// <summary>Issues tokens: refreshed ones to clients, and those that vouch for webhooks. Thread-safe.</summary>
public sealed class TokenSigner(ApiKeys keys)
{
    /// <summary>Validity of a token whose issuer does not say.</summary>
    public static readonly TimeSpan DefaultLifetime = TimeSpan.FromHours(6);

    /// <summary>Issued when the claims say, otherwise now. Signs with the claims' issuer, or with the node's signing key when that is empty or no longer known.</summary>
    public string Sign(AccessClaims claims, DateTimeOffset now, TimeSpan lifetime)
    {
        if (!keys.TryGet(claims.Issuer, out var secret))
        {
            claims = claims with { Issuer = keys.SigningKey };
            secret = keys[keys.SigningKey];
        }

        return JsonWebSignature.Sign(ClaimsJson.Write(claims, now, now + lifetime), secret);
    }
}
