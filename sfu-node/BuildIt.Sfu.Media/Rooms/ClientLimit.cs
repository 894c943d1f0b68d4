namespace BuildIt.Sfu.Media.Rooms;

/// <summary>What one client may have or do only so much of. What goes beyond is refused, delayed or dropped, and counted.</summary>
public enum ClientLimit : byte
{
    /// <summary>Signal messages a second: later ones are read later.</summary>
    SignalRate,

    /// <summary>Time that signal messages take on the room's loop: later ones are read later.</summary>
    SignalWork,

    /// <summary>Size of a session description: the session ends.</summary>
    Description,

    /// <summary>Messages the client has not read yet: its connection is broken.</summary>
    SignalQueue,

    /// <summary>Messages that cannot be read: its connection is closed.</summary>
    Malformed,

    /// <summary>Tracks and data tracks announced: refused.</summary>
    Tracks,

    /// <summary>Tracks named in subscriptions and permissions: ignored.</summary>
    Subscriptions,

    /// <summary>Updates of own name, metadata and attributes: refused.</summary>
    Metadata,

    /// <summary>Changes that everybody is told of at once: told with the next batch.</summary>
    News,

    /// <summary>
    /// Data messages, what they come to at all receivers, and at one its part of the link: reliable ones are taken later, others dropped.
    /// </summary>
    Data,

    /// <summary>Reliable data that its receivers do not take as fast as it comes: taken later. Any large transfer does that.</summary>
    DataHeld,

    /// <summary>Reliable data of others that the client does not take: dropped.</summary>
    SlowReader,

    /// <summary>RTCP packets a second: dropped.</summary>
    Feedback,

    /// <summary>Key frames asked of others: not passed on.</summary>
    KeyFrames,

    /// <summary>Changes of codec within a track: what comes in another codec is dropped.</summary>
    CodecChanges,
}
