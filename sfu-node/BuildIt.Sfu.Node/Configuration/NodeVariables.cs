using BuildIt.Sfu.Contracts;

namespace BuildIt.Sfu.Node.Configuration;

/// <summary>Environment variables that people set on a node of their own; the operator does not use them.</summary>
public static class NodeVariables
{
    /// <summary>Address that all sockets bind to.</summary>
    public const string BindAddress = NodeEnvironment.Prefix + "BIND_ADDRESS";

    /// <summary>API keys as <c>key: secret</c>, separated by commas.</summary>
    public const string ApiKeys = NodeEnvironment.Prefix + "API_KEYS";

    /// <summary>Webhook receivers, separated by commas.</summary>
    public const string WebhookUrls = NodeEnvironment.Prefix + "WEBHOOK_URLS";

    /// <summary>The API key that signs webhooks.</summary>
    public const string WebhookKey = NodeEnvironment.Prefix + "WEBHOOK_KEY";

    /// <summary>True refuses tracks that are announced without end-to-end encryption.</summary>
    public const string RequireEndToEndEncryption = NodeEnvironment.Prefix + "REQUIRE_E2EE";

    /// <summary>Number of media loops; 0 means one for each core.</summary>
    public const string Loops = NodeEnvironment.Prefix + "LOOPS";

    /// <summary>
    /// How long a node that is asked to end still takes connections when nobody is there, in seconds; 5 unless set, and none with --dev.
    /// A Service leads to a pod for a moment after its end has begun.
    /// </summary>
    public const string ShutdownDelay = NodeEnvironment.Prefix + "SHUTDOWN_DELAY";

    /// <summary>Whether one room may use several loops: <c>Auto</c>, <c>Never</c>, or for tests <c>Spread</c>; see <see cref="RoomPartMode"/>.</summary>
    public const string RoomParts = NodeEnvironment.Prefix + "ROOM_PARTS";
}
