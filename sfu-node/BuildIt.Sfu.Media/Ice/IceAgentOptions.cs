namespace BuildIt.Sfu.Media.Ice;

/// <summary>State of one ICE agent, as the W3C names it; "completed" is not told apart from Connected.</summary>
public enum IceState : byte
{
    /// <summary>The peer's credentials are not known yet.</summary>
    New,
    Checking,
    Connected,

    /// <summary>Nothing authentic was heard for the disconnect timeout; recovers by itself when something is.</summary>
    Disconnected,

    /// <summary>Ended for good unless restarted.</summary>
    Failed,
    Closed,
}

/// <summary>How one ICE agent behaves. Immutable.</summary>
public sealed record IceAgentOptions
{
    /// <summary>
    /// RFC 8445 section 2.5: a lite agent answers checks and sends none; it is always controlled by its full peer.
    /// </summary>
    public bool Lite { get; init; } = true;

    /// <summary>Initial role of a full agent; a role conflict may change it (RFC 8445 section 7.3.1.1).</summary>
    public bool Controlling { get; init; }

    /// <summary>Silence after which the state is Disconnected.</summary>
    public TimeSpan DisconnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Further silence after which the state is Failed.</summary>
    public TimeSpan FailTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Time allowed from the peer's credentials to the first valid pair.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Mean interval of a full agent's consent checks; each is randomised by 20 % (RFC 7675 section 5.1).</summary>
    public TimeSpan ConsentInterval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>RFC 7675 section 5.1: without an answer for this long, consent to send is over.</summary>
    public TimeSpan ConsentTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Ta, the least time between two new checks (RFC 8445 section 14.2).</summary>
    public TimeSpan Pacing { get; init; } = TimeSpan.FromMilliseconds(50);
}
