using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Signaling.Rooms.Base;
using BuildIt.Sfu.Signaling.Rooms.Data;
using BuildIt.Sfu.Signaling.Rooms.Members;

namespace BuildIt.Sfu.Signaling.Rooms.Tracks;

/// <summary>
/// Goes over all pairs of a publisher's tracks and the participants of the room, after its consent or its visibility changed. Those of
/// media a few at a time: in a large room there are more than a loop may be kept from media for. Those of data at once: a pair is a
/// look-up, and what subscribers are told of it is gathered anyway.
/// </summary>
internal sealed class PublisherSweeps(
    RoomMembers members, RoomTracks tracks, SubscriptionEngine subscriptions, DataTrackRelay dataTracks, RoomTimer timer) : IDeadline
{
    /// <summary>Pairs done in one turn.</summary>
    public const int PairsPerTurn = 200;

    private readonly Queue<Sweep> _sweeps = new();

    /// <summary>When the next turn is.</summary>
    public Instant NextDeadline { get; private set; } = Instant.Never;

    /// <summary>Begins, or begins anew. The first turn is at once.</summary>
    public void Start(Member publisher, Instant now)
    {
        foreach (var earlier in _sweeps)
        {
            if (earlier.Publisher == publisher)
            {
                // What that one would do, this one does.
                earlier.End();
            }
        }

        _sweeps.Enqueue(new Sweep(publisher, [.. publisher.Tracks.Values], [.. members.Here]));
        Turn(now);
        dataTracks.ReconcilePublisher(publisher, now);
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
        var left = PairsPerTurn;
        while (left > 0 && _sweeps.TryPeek(out var sweep))
        {
            if (!sweep.TryNext(out var track, out var subscriber))
            {
                _sweeps.Dequeue();
                continue;
            }

            left--;
            if (tracks.Find(track.Sid.Value) == track && members.Has(subscriber))
            {
                subscriptions.Reconcile(subscriber, track, now);
            }
        }

        // A little later and not at once, so that what has arrived for others comes first.
        NextDeadline = _sweeps.Count > 0 ? now + TimeSpan.FromMilliseconds(1) : Instant.Never;
        timer.Schedule(NextDeadline);
    }

    private sealed class Sweep(Member publisher, Track[] tracks, Participant[] subscribers)
    {
        private int _next;
        private int _count = tracks.Length * subscribers.Length;

        public Member Publisher => publisher;

        public void End() => _count = 0;

        public bool TryNext(out Track track, out Participant subscriber)
        {
            (track, subscriber) = (null!, null!);
            if (_next >= _count)
            {
                return false;
            }

            (track, subscriber) = (tracks[_next / subscribers.Length], subscribers[_next % subscribers.Length]);
            _next++;
            return true;
        }
    }
}
