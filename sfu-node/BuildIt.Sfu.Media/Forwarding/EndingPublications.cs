using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Forwarding;

/// <summary>
/// Ends the subscriptions to what is published no more, a few at a time: whoever leaves a large room with many tracks leaves more of
/// them than a loop may be kept from media for. Nothing is forwarded of such a track any more. Used on one loop.
/// </summary>
internal sealed class EndingPublications(TrackRouter router) : IDeadline
{
    /// <summary>Subscriptions ended in one turn, and at one moment.</summary>
    public const int SubscriptionsPerTurn = 500;

    // A little later and not at once, so that what has arrived for others comes first.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(1);

    private readonly Queue<Publication> _ending = new();
    private Instant _turn = Instant.Never;
    private int _left;

    /// <summary>When the next turn is.</summary>
    public Instant NextDeadline => _ending.Count == 0 ? Instant.Never : _turn + Pause;

    /// <summary>Begins with a publication; what one turn allows is done on return.</summary>
    public void Add(Publication publication, Instant now)
    {
        _ending.Enqueue(publication);
        Turn(now);
        if (_ending.Count > 0)
        {
            router.Host.Loop.Schedule(this);
        }
    }

    public void HandleTimeout(Instant now)
    {
        if (NextDeadline <= now)
        {
            router.Now = now;
            Turn(now);
        }
    }

    private void Turn(Instant now)
    {
        if (_turn != now)
        {
            (_turn, _left) = (now, SubscriptionsPerTurn);
        }

        while (_ending.TryPeek(out var publication))
        {
            while (publication.Subscriptions.Count > 0)
            {
                if (_left-- <= 0)
                {
                    return;
                }

                publication.Subscriptions[^1].Subscriber.Unsubscribe(publication.Sid, now);
            }

            _ending.Dequeue();
        }
    }
}
