using BuildIt.Sfu.Media.Sdp;
using BuildIt.Sfu.Signaling.Protocol;

namespace BuildIt.Sfu.Signaling.Join;

/// <summary>What a client asked for when it connected, in whichever of the two ways it said so.</summary>
public sealed record JoinParameters
{
    /// <summary>True for v1: the client offers on its only connection.</summary>
    public required bool SinglePeerConnection { get; init; }

    public required ClientInfo Client { get; init; }

    /// <summary>Signalling protocol number; features are on when it exceeds a number (see <see cref="ProtocolFeatures"/>).</summary>
    public int Protocol => Client.Protocol;

    public bool AutoSubscribe { get; init; } = true;

    public bool AutoSubscribeDataTracks { get; init; } = true;

    /// <summary>Whether video may be paused for lack of bandwidth; null when the client leaves it to the node.</summary>
    public bool? SubscriberAllowPause { get; init; }

    public bool DisableIceLite { get; init; }

    /// <summary>The region in which the client arrived, when another node passed it on; else empty.</summary>
    public string Arrival { get; init; } = "";

    /// <summary>True to resume the session <see cref="ParticipantSid"/>.</summary>
    public bool Reconnect { get; init; }

    public ReconnectReason ReconnectReason { get; init; }

    public string ParticipantSid { get; init; } = "";

    /// <summary>Replaces the token's metadata when the token allows that; null when not stated.</summary>
    public string? Metadata { get; init; }

    /// <summary>Added to the token's attributes when the token allows that.</summary>
    public IReadOnlyDictionary<string, string> Attributes { get; init; } = new Dictionary<string, string>();

    /// <summary>Tracks announced with the join (v1).</summary>
    public IReadOnlyList<AddTrackRequest> AddTracks { get; init; } = [];

    /// <summary>First offer, brought along to save a round trip (v1).</summary>
    public SessionDescription? PublisherOffer { get; init; }

    /// <summary>That offer as it was read; null when there is none.</summary>
    public RemoteDescription? Offer { get; init; }

    public SyncState? SyncState { get; init; }
}
