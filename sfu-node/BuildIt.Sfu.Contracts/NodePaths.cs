namespace BuildIt.Sfu.Contracts;

/// <summary>Paths of a node's HTTP servers.</summary>
public static class NodePaths
{
    /// <summary>Health port: 200 while the process runs, whatever else is wrong.</summary>
    public const string Liveness = "/healthz";

    /// <summary>Health port: 200 while new participants are welcome, 503 while starting or draining.</summary>
    public const string Readiness = "/readyz";

    /// <summary>Health port: <see cref="NodeHealth"/>.</summary>
    public const string Health = "/health";

    /// <summary>Health port: Prometheus text.</summary>
    public const string Metrics = "/metrics";

    /// <summary>
    /// Control port: the term of the leader that calls, a number that grows with every change of leader. Answered with 412 when one
    /// of a later term was heard.
    /// </summary>
    public const string TermHeader = "X-BuildIt-Term";

    /// <summary>Control port (mutual TLS): <c>GET</c> answers <see cref="Heartbeat"/>; the operator's own probe.</summary>
    public const string Probe = "/control/v1/probe";

    /// <summary>
    /// Control port (mutual TLS): <c>POST</c> a <see cref="DrainCommand"/>, <c>DELETE</c> to call it back, <c>GET</c> to ask;
    /// each answers a <see cref="DrainStatus"/>.
    /// </summary>
    public const string Drain = "/control/v1/drain";

    /// <summary>
    /// Control port (mutual TLS): <c>POST</c> a <see cref="RoomRoute"/> so that a placement takes effect at once, with or
    /// without the registry. Answers 409 and the newer route when the node knows one.
    /// </summary>
    public const string Routes = "/control/v1/routes";

    /// <summary>
    /// Control port (mutual TLS): <c>PUT</c> <see cref="LinkOrders"/>; answered with 204. The links show in
    /// <see cref="Heartbeat.Links"/>.
    /// </summary>
    public const string Links = "/control/v1/links";
}
