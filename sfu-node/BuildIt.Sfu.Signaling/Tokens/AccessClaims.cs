using BuildIt.Sfu.Signaling.Protocol;

namespace BuildIt.Sfu.Signaling.Tokens;

/// <summary>The verified content of a token.</summary>
public sealed record AccessClaims
{
    /// <summary>The API key that signed it (<c>iss</c>).</summary>
    public string Issuer { get; init; } = "";

    /// <summary>Who it is for (<c>sub</c>, in older tokens <c>jti</c>); empty for server API tokens.</summary>
    public string Identity { get; init; } = "";

    /// <summary>When it was issued or becomes valid, of a refreshed one when its rights were given; null when it does not say.</summary>
    public DateTimeOffset? IssuedAt { get; init; }

    public string Name { get; init; } = "";

    /// <summary>Kind of participant in lower case; empty means standard.</summary>
    public string Kind { get; init; } = "";

    public IReadOnlyList<string> KindDetails { get; init; } = [];

    public string Metadata { get; init; } = "";

    public IReadOnlyDictionary<string, string> Attributes { get; init; } = new Dictionary<string, string>();

    /// <summary>Base64 SHA-256 of a body the token vouches for (webhooks).</summary>
    public string Sha256 { get; init; } = "";

    /// <summary>Settings for the room, when the first join creates it.</summary>
    public RoomConfiguration? RoomConfig { get; init; }

    public string RoomPreset { get; init; } = "";

    /// <summary>What the join is part of, where whoever signed the token traces it (W3C Trace Context); else empty.</summary>
    public string Traceparent { get; init; } = "";

    public VideoGrant Video { get; init; } = new();

    /// <summary>Hides everything: a claim set names a person.</summary>
    public override string ToString() => "AccessClaims(***)";
}
