using System.Text.Json;
using System.Text.Json.Serialization;

namespace BuildIt.RoomApi.Tokens;

/// <summary>What somebody is in one room, from the most to the least they may do.</summary>
[JsonConverter(typeof(RoleJsonConverter))]
public enum Role
{
    /// <summary>Made the room, or was made its host: everything, including ending it.</summary>
    Host,

    /// <summary>Lets people in, mutes, removes, gives roles below their own.</summary>
    Moderator,

    /// <summary>Sends and receives.</summary>
    Participant,

    /// <summary>Receives only.</summary>
    Viewer,
}

/// <summary>Writes a role in the plan's lower case, and accepts nothing but those four words.</summary>
public sealed class RoleJsonConverter() : JsonStringEnumConverter<Role>(JsonNamingPolicy.CamelCase, allowIntegerValues: false);

/// <summary>What follows from a role.</summary>
public static class Roles
{
    public static string Name(this Role role) => role switch
    {
        Role.Host => "host",
        Role.Moderator => "moderator",
        Role.Participant => "participant",
        _ => "viewer",
    };

    /// <summary>Host or moderator.</summary>
    public static bool Moderates(this Role role) => role is Role.Host or Role.Moderator;

    /// <summary>
    /// True when somebody with role <paramref name="actor"/> may decide about somebody who has <paramref name="target"/>:
    /// a host about everybody, a moderator about everybody below. Nobody decides about a host but a host.
    /// </summary>
    public static bool MayDecideAbout(this Role actor, Role target) => actor == Role.Host || (actor == Role.Moderator && target > Role.Moderator);
}
