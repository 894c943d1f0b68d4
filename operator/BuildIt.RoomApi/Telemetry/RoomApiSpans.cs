using System.Diagnostics;

namespace BuildIt.RoomApi.Telemetry;

/// <summary>The room API's spans. Their names are documented in docs/tracing.md and do not change.</summary>
internal static class RoomApiSpans
{
    /// <summary>Somebody has a room made.</summary>
    public const string Create = "room-api.create";

    /// <summary>Somebody gets a token to join with.</summary>
    public const string Join = "room-api.join";

    /// <summary>A request waits until the operator has placed the room.</summary>
    public const string Wait = "room-api.wait";

    public static ActivitySource Source { get; } = new("BuildIt.RoomApi");
}
