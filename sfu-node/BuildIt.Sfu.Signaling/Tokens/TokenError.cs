namespace BuildIt.Sfu.Signaling.Tokens;

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
