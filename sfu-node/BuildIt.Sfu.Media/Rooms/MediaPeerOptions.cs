using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Rooms;

/// <summary>How one participant's peer connections are set up. Fixed for the life of the peer.</summary>
public sealed record MediaPeerOptions
{
    public required ParticipantSid Sid { get; init; }

    /// <summary>True: the client offers on its only connection. False: it offers on one and the node offers on another.</summary>
    public required bool SinglePeerConnection { get; init; }

    /// <summary>True when the node only answers connectivity checks; false makes it a full ICE agent.</summary>
    public bool IceLite { get; init; }

    /// <summary>Whether the node may pause video that the subscriber's link cannot carry.</summary>
    public bool AllowPause { get; init; } = true;

    /// <summary>Whether sections of ended subscriptions may be reused for new ones (protocol above 3, not Safari).</summary>
    public bool ReuseTransceivers { get; init; } = true;

    /// <summary>Whether the subscriber side understands RED (RFC 2198); otherwise only Opus is offered.</summary>
    public bool SupportsRed { get; init; } = true;

    /// <summary>Lower-case names of codecs the client must not be offered ("av1").</summary>
    public IReadOnlyList<string> DisabledCodecs { get; init; } = [];
}
