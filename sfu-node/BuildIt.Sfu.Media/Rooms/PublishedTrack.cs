using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Rooms;

/// <summary>One layer of a published video track as its publisher announced it.</summary>
/// <param name="Quality">Which quality step this layer is.</param>
/// <param name="Width">Pixels; 0 when not announced.</param>
/// <param name="Height">Pixels; 0 when not announced.</param>
/// <param name="Bitrate">Announced maximum in bits per second; 0 when not announced.</param>
/// <param name="Rid">Restriction id (RFC 8851) of the layer's encoding; empty when the client did not say.</param>
public sealed record PublishedLayer(VideoQualityLevel Quality, int Width, int Height, long Bitrate, string Rid);

/// <summary>One encoding of a track: a client can publish a track in a second (backup) codec under another cid.</summary>
/// <param name="Cid">The client's id for the MediaStreamTrack. Some browsers write it into the offer's msid.</param>
/// <param name="Codec">Lower-case codec name without the kind ("vp8"), or empty to accept what is negotiated.</param>
/// <param name="Layers">Announced layers, lowest first; empty for audio.</param>
public sealed record PublishedEncoding(string Cid, string Codec, IReadOnlyList<PublishedLayer> Layers);

/// <summary>What a publisher announced about a track before it is negotiated.</summary>
public sealed record PublishedTrack
{
    public required TrackSid Sid { get; init; }

    public required ParticipantSid Publisher { get; init; }

    public required TrackKind Kind { get; init; }

    public required TrackOrigin Origin { get; init; }

    /// <summary>At least one; the first is the primary encoding, a second one the backup codec.</summary>
    public required IReadOnlyList<PublishedEncoding> Encodings { get; init; }

    /// <summary>
    /// Lower-case names of codecs in which the client publishes the track too once somebody needs it
    /// (<see cref="IMediaPeerEvents.OnWantedQualities"/>): it then announces an encoding.
    /// </summary>
    public IReadOnlyList<string> BackupCodecs { get; init; } = [];

    public bool Muted { get; init; }

    public bool Stereo { get; init; }

    /// <summary>Whether the publisher asked not to use discontinuous transmission.</summary>
    public bool DisableDtx { get; init; }

    /// <summary>Whether the publisher asked not to use redundant audio (RFC 2198).</summary>
    public bool DisableRed { get; init; }

    /// <summary>True when frames are end-to-end encrypted, so that nothing past the clear bytes may be interpreted.</summary>
    public bool Encrypted { get; init; }

    /// <summary>Stream name that groups tracks for lip sync; empty when none.</summary>
    public string Stream { get; init; } = "";
}
