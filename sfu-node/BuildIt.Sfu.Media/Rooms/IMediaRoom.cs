using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Quality;
using BuildIt.Sfu.Media.Speakers;

namespace BuildIt.Sfu.Media.Rooms;

/// <summary>The media of one room: its peers and who receives what. Lives on one loop; every call is made there.</summary>
public interface IMediaRoom
{
    /// <summary>Adds a participant. Nothing is sent before the first offer.</summary>
    IMediaPeer AddPeer(MediaPeerOptions options, IMediaPeerEvents events, Instant now);

    /// <summary>
    /// Makes this end of a link to another node that serves the room. Everything that is published here is told to it, and what it
    /// tells of is published here.
    /// </summary>
    IRelayPeer AddRelay(RelayPeerOptions options, IRelayPeerEvents events, Instant now);

    /// <summary>Whether what is published elsewhere is muted. No effect on what is published here.</summary>
    void SetRelayedMuted(TrackSid track, bool muted, Instant now);

    /// <summary>Ends what is published elsewhere: its publisher has left, or cannot be reached. No effect on what is published here.</summary>
    void EndRelayed(TrackSid track, Instant now);

    /// <summary>What its clients' connections carry. Nothing where nobody counts.</summary>
    RoomTraffic Traffic => default;

    /// <summary>Ends all peers and releases what the room holds.</summary>
    void Close(Instant now);
}

/// <summary>What happens in the room as a whole. Raised on its loop.</summary>
public interface IMediaRoomEvents
{
    /// <summary>Speakers whose level or activity changed; an entry with level 0 has stopped speaking. Valid during the call only.</summary>
    void OnSpeakersChanged(ReadOnlySpan<SpeakerLevel> changed, Instant now);

    /// <summary>Participants whose connection quality changed. Valid during the call only.</summary>
    void OnQualityChanged(ReadOnlySpan<ParticipantQuality> changed, Instant now);
}

/// <param name="Participant">Whose connection.</param>
/// <param name="Quality">The step shown to people.</param>
/// <param name="Score">Mean-opinion-like score from 1 (bad) to 5.</param>
public readonly record struct ParticipantQuality(ParticipantSid Participant, LinkQuality Quality, float Score);

/// <summary>Makes rooms and says on which loop each lives. Thread-safe.</summary>
public interface IMediaRoomFactory
{
    /// <summary>Chooses the loop for a new room: the one that has the fewest.</summary>
    IRoomLoop ChooseLoop();

    /// <summary>The loop of that index, for a new room that was given it.</summary>
    IRoomLoop TakeLoop(int index);

    /// <summary>Makes the media of a room. Call on <paramref name="loop"/>.</summary>
    IMediaRoom Create(IRoomLoop loop, IMediaRoomEvents events);
}

/// <summary>What the connections of a room's clients have carried since it was opened, and how they are now.</summary>
/// <param name="BytesReceived">Bytes of datagrams: media, its control, data messages, handshakes and connectivity checks, without IP and UDP headers.</param>
/// <param name="BytesSent">The same of what was sent.</param>
/// <param name="RoundTrip">Mean round-trip time to those who receive; null until measured.</param>
/// <param name="Loss">Mean fraction of packets lost on the way to them, 0 to 1; null until measured.</param>
public readonly record struct RoomTraffic(long BytesReceived, long BytesSent, TimeSpan? RoundTrip = null, double? Loss = null);
