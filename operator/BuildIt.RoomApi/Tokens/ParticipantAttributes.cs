namespace BuildIt.RoomApi.Tokens;

/// <summary>The attributes by which clients see each other's role. Names and values are part of the public contract.</summary>
public static class ParticipantAttributes
{
    public const string Role = "buildit.role";

    /// <summary>Whether the participant may record, <c>true</c> or <c>false</c>.</summary>
    public const string Record = "buildit.record";

    /// <summary>Always <c>required</c>: a client without keys must not send.</summary>
    public const string EndToEndEncryption = "buildit.e2ee";

    public static IReadOnlyDictionary<string, string> Of(Role role, Permissions permissions) => new Dictionary<string, string>
    {
        [Role] = role.Name(),
        [Record] = permissions.Record ? "true" : "false",
        [EndToEndEncryption] = "required",
    };
}
