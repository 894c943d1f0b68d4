namespace BuildIt.Sfu.Telemetry.Traces;

/// <summary>
/// What spans say. No person is in any of them: no identity, address, token or key. A room is named as in logs.
/// </summary>
public static class SpanTags
{
    public const string Room = "buildit.room";

    /// <summary>A pod of a fleet.</summary>
    public const string Instance = "buildit.instance";

    /// <summary>The number of a room's placement.</summary>
    public const string Generation = "buildit.generation";

    /// <summary>Why, in words.</summary>
    public const string Reason = "buildit.reason";

    /// <summary>True where a client came back to the session it has.</summary>
    public const string Resumed = "buildit.resumed";

    /// <summary>The status of an HTTP answer, by the name that OpenTelemetry gives it (semantic conventions for HTTP spans).</summary>
    public const string StatusCode = "http.response.status_code";
}
