namespace BuildIt.Sfu.Media.Rooms;

/// <summary>What a published track carries.</summary>
public enum TrackKind : byte
{
    Audio,
    Video,
}

/// <summary>Where a published track comes from; the values are those of the wire protocol.</summary>
public enum TrackOrigin : byte
{
    Unknown = 0,
    Camera = 1,
    Microphone = 2,
    ScreenShare = 3,
    ScreenShareAudio = 4,
}

/// <summary>
/// Which of a client's peer connections is meant; the values are those of the wire protocol.
/// A single-connection client has only <see cref="Publisher"/>, used in both directions.
/// </summary>
public enum PeerTarget : byte
{
    Publisher = 0,
    Subscriber = 1,
}

/// <summary>State of one peer connection as its user sees it.</summary>
public enum PeerConnectionState : byte
{
    New,
    Connecting,

    /// <summary>ICE has a path and DTLS is done.</summary>
    Connected,

    /// <summary>Nothing heard for the disconnect timeout; it may come back by itself or by an ICE restart.</summary>
    Disconnected,

    /// <summary>Gone for good without an ICE restart.</summary>
    Failed,
    Closed,
}

/// <summary>The three data channels of the protocol.</summary>
public enum DataChannelKind : byte
{
    /// <summary><c>_reliable</c>: ordered, retransmitted.</summary>
    Reliable = 0,

    /// <summary><c>_lossy</c>: unordered, never retransmitted.</summary>
    Lossy = 1,

    /// <summary><c>_data_track</c>: as lossy; carries data-track packets.</summary>
    DataTrack = 2,
}

/// <summary>Whether the node currently forwards a subscribed video track.</summary>
public enum TrackStreamState : byte
{
    Active = 0,

    /// <summary>Held back because the subscriber's link cannot carry it.</summary>
    Paused = 1,
}
