namespace BuildIt.Operator.Api;

/// <summary>How the operator is asked for its reasons, on the port of its metrics. Whoever asks proves by a token who they are.</summary>
public static class DebugApi
{
    /// <summary>
    /// The audience of the tokens that are taken. A token for it is good for nothing else, so that nobody's rights go over the wire
    /// with a question.
    /// </summary>
    public const string Audience = SfuApi.Group + "/debug";

    /// <summary>
    /// The header that holds the token. Not the usual one, which the Kubernetes API server keeps for itself when it passes a request on.
    /// </summary>
    public const string TokenHeader = "X-Sfu-Token";

    /// <summary>The annotation on the operator's pods that names the service account whose tokens are meant for this.</summary>
    public const string AccountAnnotation = SfuApi.Group + "/debug-account";

    /// <summary>The subresource of fleets and rooms that one must be allowed to "get".</summary>
    public const string Subresource = "debug";

    public static string FleetPath(string ns, string name) => $"/debug/fleets/{Uri.EscapeDataString(ns)}/{Uri.EscapeDataString(name)}";

    public static string RoomPath(string ns, string name) => $"/debug/rooms/{Uri.EscapeDataString(ns)}/{Uri.EscapeDataString(name)}";
}
