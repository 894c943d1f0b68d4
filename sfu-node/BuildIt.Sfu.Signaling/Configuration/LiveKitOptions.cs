using System.Security.Cryptography;
using System.Text;
using BuildIt.Sfu.Signaling.Rooms.Base;
using BuildIt.Sfu.Signaling.Rooms.Limits;
using BuildIt.Sfu.Signaling.Tokens;

namespace BuildIt.Sfu.Signaling.Configuration;

/// <summary>How a node speaks to clients and applications.</summary>
public sealed class LiveKitOptions
{
    public required ApiKeys Keys { get; init; }

    /// <summary>Version clients are told. Some switch features by it, so it names the LiveKit server we behave like.</summary>
    public string ServerVersion { get; init; } = "1.13.5";

    public string Region { get; init; } = "";

    /// <summary>The node's id, which clients are told; a random one (ND_…) when empty.</summary>
    public string NodeId { get; init; } = "";

    /// <summary>Whether joining a room that does not exist opens it.</summary>
    public bool AutoCreate { get; init; } = true;

    /// <summary>
    /// Whether joining a room that does not exist creates it somewhere in the fleet, when the token carries <c>roomCreate</c>. Tokens
    /// outlive rooms: without that grant an old one would bring back a room that was ended.
    /// </summary>
    public bool AutoCreateByGrant { get; init; }

    /// <summary>Asked before a room is opened here: false while the node is full or drains.</summary>
    public Func<bool> AcceptsNewRooms { get; init; } = () => true;

    /// <summary>What <c>GET /</c> answers: 200 when true, else 406.</summary>
    public Func<bool> Healthy { get; init; } = () => true;

    /// <summary>Settings of rooms that nobody configured; the name is replaced.</summary>
    public RoomOptions RoomDefaults { get; init; } = new() { Name = "" };

    public ClientLimits Limits { get; init; } = ClientLimits.Default;

    public IceServerSource IceServers { get; init; } = (_, _) => [];

    public bool IceLite { get; init; }

    /// <summary>Where webhooks are posted; none when empty.</summary>
    public IReadOnlyList<Uri> WebhookUrls { get; init; } = [];

    /// <summary>
    /// Options of a new room. Its trailer for server-made frames is derived from the room's name and the signing secret, so that
    /// every node of the fleet gives the same one.
    /// </summary>
    public RoomOptions OptionsFor(string name)
    {
        Span<byte> trailer = stackalloc byte[HMACSHA256.HashSizeInBytes];
        Keys[Keys.SigningKey].Sign(Encoding.UTF8.GetBytes("sif-trailer|" + name), trailer);
        return RoomDefaults with { Name = name, SifTrailer = trailer[..16].ToArray() };
    }
}
