using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Signaling.Rooms.Members;

/// <summary>What a client asked the node to do wrong at its next resume, for tests of clients.</summary>
internal sealed class Simulation
{
    /// <summary>Break the connection right after the reconnect response.</summary>
    public bool DisconnectOnResume { get; set; }

    /// <summary>Break the connection before anything is sent.</summary>
    public bool DisconnectOnResumeSilently { get; set; }

    /// <summary>Tell the client to use TURN only.</summary>
    public bool ForceRelay { get; set; }

    /// <summary>When a simulated speaker falls silent.</summary>
    public Instant SpeakingUntil { get; set; } = Instant.Never;
}
