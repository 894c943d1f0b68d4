using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Tokens;

namespace BuildIt.Sfu.Signaling.Rooms;

/// <summary>Gives a participant the ICE servers (TURN credentials) to use; empty when none are needed.</summary>
public delegate IReadOnlyList<ICEServer> IceServerSource(string participantSid, DateTimeOffset now);

/// <summary>What all rooms of a node share. Everything in it is thread-safe.</summary>
public sealed record NodeServices
{
    public required ServerInfo Server { get; init; }

    public required TokenSigner Tokens { get; init; }

    public required WallClock Clock { get; init; }

    public ISidSource Sids { get; init; } = new RandomSids();

    public ClientLimits Limits { get; init; } = ClientLimits.Default;

    /// <summary>How often clients went beyond <see cref="Limits"/> and what media grants them.</summary>
    public LimitCounters LimitCounters { get; init; } = new();

    public IceServerSource IceServers { get; init; } = (_, _) => [];

    /// <summary>Whether the node answers connectivity checks only, for clients that allow that.</summary>
    public bool IceLite { get; init; }
}
