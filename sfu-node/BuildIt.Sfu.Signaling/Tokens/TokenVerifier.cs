namespace BuildIt.Sfu.Signaling.Tokens;

/// <summary>Verifies access tokens against the node's API keys. Thread-safe.</summary>
public sealed class TokenVerifier(ApiKeys keys)
{
    /// <summary>How far clocks may differ (RFC 7519 section 4.1.4).</summary>
    public static readonly TimeSpan Leeway = TimeSpan.FromSeconds(60);

    /// <summary>Verifies signature and validity at <paramref name="now"/>.</summary>
    /// <returns><see cref="TokenError.None"/> and the claims, or why the token is refused.</returns>
    public TokenError Verify(string token, DateTimeOffset now, out AccessClaims claims)
    {
        claims = new AccessClaims();
        if (!JsonWebSignature.TrySplit(token, out var parts))
        {
            return TokenError.Malformed;
        }

        if (!JsonWebSignature.IsHs256(parts.Header))
        {
            return TokenError.AlgorithmRefused;
        }

        if (!ClaimsJson.TryRead(parts.Payload, out var unverified, out var validity))
        {
            return TokenError.Malformed;
        }

        if (!keys.TryGet(unverified.Issuer, out var secret))
        {
            return TokenError.UnknownKey;
        }

        if (!secret.Verify(parts.Signed, parts.Signature))
        {
            return TokenError.SignatureMismatch;
        }

        if (now - Leeway >= validity.Expires)
        {
            return TokenError.Expired;
        }

        if (validity.NotBefore is { } notBefore && now + Leeway < notBefore)
        {
            return TokenError.NotYetValid;
        }

        claims = unverified;
        return TokenError.None;
    }
}

/// <summary>Why a token was refused.</summary>
public enum TokenError
{
    None,

    /// <summary>Not three base64url parts of JSON, or a claim of the wrong type.</summary>
    Malformed,

    /// <summary>Signed by something else than HS256.</summary>
    AlgorithmRefused,

    /// <summary>The issuer is not one of our API keys.</summary>
    UnknownKey,

    SignatureMismatch,

    Expired,

    NotYetValid,
}
