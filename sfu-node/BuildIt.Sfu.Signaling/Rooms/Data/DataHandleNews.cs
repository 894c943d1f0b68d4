using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Base;
using BuildIt.Sfu.Signaling.Rooms.Members;

namespace BuildIt.Sfu.Signaling.Rooms.Data;

/// <summary>
/// Tells subscribers the handles of the data tracks they receive. Each message lists all of a subscriber's, so what has changed is
/// gathered for each and told a few at a time: in a large room there are more than a loop may be kept from media for. Used on one loop.
/// </summary>
internal sealed class DataHandleNews(RoomMembers members, RoomTracks tracks, RoomTimer timer) : IDeadline
{
    /// <summary>Entries of all messages of one turn, but for one message that is longer.</summary>
    public const int EntriesPerTurn = 2_000;

    /// <summary>After so many entries the loop does other things: about ten times as long as they took.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    /// <summary>Fewer than these cost less than the pause is worth.</summary>
    private const int Few = 200;

    private readonly Queue<Participant> _waiting = new();
    private readonly HashSet<Participant> _queued = [];

    /// <summary>When the next turn is.</summary>
    public Instant NextDeadline { get; private set; } = Instant.Never;

    /// <summary>The handles of a subscriber have changed; told with the next <see cref="Flush"/> or later.</summary>
    public void Tell(Participant subscriber)
    {
        if (_queued.Add(subscriber))
        {
            _waiting.Enqueue(subscriber);
        }
    }

    /// <summary>Tells what has changed, as far as one turn goes; nothing while others wait for theirs.</summary>
    public void Flush(Instant now)
    {
        if (NextDeadline == Instant.Never)
        {
            Turn(now);
        }
    }

    public void HandleTimeout(Instant now)
    {
        if (NextDeadline <= now)
        {
            Turn(now);
        }
    }

    private void Turn(Instant now)
    {
        var told = 0;
        while (told < EntriesPerTurn && _waiting.TryDequeue(out var subscriber))
        {
            _queued.Remove(subscriber);
            if (members.Has(subscriber))
            {
                told += 1 + subscriber.DataTracks.Handles.Count;
                subscriber.Send(new SignalResponse { DataTrackSubscriberHandles = HandlesOf(subscriber) });
            }
        }

        NextDeadline = told < Few ? Instant.Never : now + Pause * ((double)told / EntriesPerTurn);
        timer.Schedule(NextDeadline);
    }

    private DataTrackSubscriberHandles HandlesOf(Participant subscriber)
    {
        var message = new DataTrackSubscriberHandles();
        foreach (var (sid, handle) in subscriber.DataTracks.Handles)
        {
            if (tracks.FindData(sid) is { } track)
            {
                message.SubHandles[handle] = new DataTrackSubscriberHandles.Types.PublishedDataTrack
                {
                    PublisherIdentity = track.Publisher.Identity,
                    PublisherSid = track.Publisher.Sid.Value,
                    TrackSid = sid,
                };
            }
        }

        return message;
    }
}
