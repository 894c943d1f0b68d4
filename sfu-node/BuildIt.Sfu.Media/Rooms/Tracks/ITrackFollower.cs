using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Rooms.Tracks;

/// <summary>Whoever wants to know of every track of a room. Used on the room's loop.</summary>
internal interface ITrackFollower
{
    /// <summary>A track can be had, in one more format, or is muted or not any more.</summary>
    void OnTrackChanged(Publication publication, Instant now);

    void OnTrackGone(Publication publication);

    /// <summary>The room ends.</summary>
    void Close(Instant now);
}
