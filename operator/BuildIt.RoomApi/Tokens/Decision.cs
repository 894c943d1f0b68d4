using System.Text.Json.Serialization;

namespace BuildIt.RoomApi.Tokens;

/// <summary>What was decided about one participant of a room.</summary>
/// <param name="Role">The role they were given; null when nobody gave them one.</param>
/// <param name="Revoked">True when they were put out and may not come back.</param>
/// <param name="TokensFrom">Unix milliseconds: tokens issued before are refused; 0 when all count.</param>
public sealed record Decision(
    [property: JsonPropertyName("role")] Role? Role,
    [property: JsonPropertyName("revoked"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool Revoked = false,
    [property: JsonPropertyName("tokensFrom"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] long TokensFrom = 0)
{
    public static readonly Decision None = new(Role: null);

    [JsonIgnore]
    public Role EffectiveRole => Role ?? Tokens.Role.Participant;

    /// <summary>Whether this, which takes rights away, was decided later than <paramref name="other"/> about the same participant.</summary>
    public bool Outdates(Decision other) => TokensFrom > other.TokensFrom;
}
