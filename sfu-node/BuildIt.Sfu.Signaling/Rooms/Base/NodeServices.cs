using System.Security.Cryptography;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Limits;
using BuildIt.Sfu.Signaling.Tokens;

namespace BuildIt.Sfu.Signaling.Rooms.Base;

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

/// <summary>Turns instants of the media clock into dates, so that a room needs no clock of its own.</summary>
/// <param name="AtZero">The date at <see cref="Instant.Zero"/>.</param>
public sealed record WallClock(DateTimeOffset AtZero)
{
    public DateTimeOffset At(Instant now) => AtZero.AddMicroseconds(now.Microseconds);
}

/// <summary>Where the random parts of server-given ids come from. Tests give counters.</summary>
public interface ISidSource
{
    /// <summary>A new id: <paramref name="prefix"/> (RM_, PA_, TR_, DTR_, ND_) and twelve or more random characters.</summary>
    string Next(string prefix);
}

/// <summary>Ids from the system's random generator: 12 characters of 62, about 71 bits. Thread-safe.</summary>
public sealed class RandomSids : ISidSource
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    public string Next(string prefix) => prefix + RandomNumberGenerator.GetString(Alphabet, 12);
}
