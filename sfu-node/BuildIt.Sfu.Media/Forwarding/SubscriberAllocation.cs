using BuildIt.Sfu.Media.Allocation;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Media.Sending;

namespace BuildIt.Sfu.Media.Forwarding;

/// <summary>
/// Divides what one subscriber's link carries over its tracks, and tells each subscription its share. Used on one loop.
/// </summary>
internal sealed class SubscriberAllocation(IDownstream subscriber)
{
    /// <summary>
    /// How long the base layer is forwarded though it does not fit: an estimate that is too low for a moment must not
    /// cost the picture.
    /// </summary>
    private static readonly TimeSpan PausePatience = TimeSpan.FromSeconds(1.5);

    private readonly LayerAllocator _allocator = new();
    private TrackDemand[] _demands = new TrackDemand[16];
    private TrackAllocation[] _answers = new TrackAllocation[16];

    /// <summary>Allocates anew.</summary>
    /// <param name="subscriptions">Those that are sent now.</param>
    /// <param name="hasFeedback">Whether the subscriber agreed to report on packets one by one.</param>
    /// <param name="allowPause">Whether video may be held back entirely.</param>
    /// <param name="now">Now.</param>
    public void Update(IReadOnlyList<Subscription> subscriptions, bool hasFeedback, bool allowPause, Instant now)
    {
        if (subscriptions.Count == 0)
        {
            return;
        }

        if (_demands.Length < subscriptions.Count)
        {
            Array.Resize(ref _demands, subscriptions.Count * 2);
            Array.Resize(ref _answers, subscriptions.Count * 2);
        }

        for (var i = 0; i < subscriptions.Count; i++)
        {
            _demands[i] = Demand(subscriptions[i], allowPause, now);
        }

        var summary = _allocator.Allocate(subscriber.Link.Available(hasFeedback), _demands.AsSpan(0, subscriptions.Count), _answers.AsSpan(0, subscriptions.Count));
        var starved = false;
        for (var i = 0; i < subscriptions.Count; i++)
        {
            Apply(subscriptions[i], _answers[i], now);
            starved |= _answers[i].Reason == AllocationReason.Paused;
        }

        subscriber.Link.SetWanted(new LinkDemand(summary.Desired, summary.Base, summary.IsDeficient, starved));
    }

    private static TrackDemand Demand(Subscription subscription, bool allowPause, Instant now)
    {
        var incoming = subscription.Encoding!.Incoming!;
        var track = subscription.Publication.Track;
        if (!subscription.Publication.IsVideo)
        {
            return new TrackDemand
            {
                IsAudio = true,
                AudioRate = subscription.IsIdle ? DataRate.Zero : incoming.Layer(0)?.Rate(now) ?? DataRate.Zero,
            };
        }

        var settings = subscription.Settings;
        var current = subscription.Down!.CurrentLayers;
        return new TrackDemand
        {
            Wanted = subscription.IsIdle
                ? LayerId.None
                : new LayerId(Math.Min(subscription.WantedLayer(), LayerRates.SpatialLayers - 1), LayerRates.TemporalLayers - 1),
            Priority = settings.Priority,
            IsScreenShare = track.Origin == TrackOrigin.ScreenShare,
            TilePixels = settings.Width * settings.Height,
            AllowPause = allowPause,
            Rates = subscription.Encoding.RatesAt(now),
            UsualRates = subscription.Encoding.UsualRates,
            Current = current.IsNone
                ? LayerId.None
                : new LayerId(Math.Min(current.Spatial, LayerRates.SpatialLayers - 1), Math.Clamp(current.Temporal, 0, LayerRates.TemporalLayers - 1)),
        };
    }

    private static void Apply(Subscription subscription, in TrackAllocation answer, Instant now)
    {
        if (!subscription.Publication.IsVideo)
        {
            return;
        }

        if (answer.Reason != AllocationReason.Paused)
        {
            subscription.StarvedSince = Instant.Never;
        }
        else
        {
            subscription.StarvedSince = Instant.Min(subscription.StarvedSince, now);
        }

        switch (answer.Reason)
        {
            case AllocationReason.Paused when subscription.StreamState == TrackStreamState.Active && now - subscription.StarvedSince < PausePatience:
                subscription.Allow(new LayerPair(0, 0), TrackStreamState.Active, now);
                break;
            case AllocationReason.Paused:
                subscription.Allow(LayerPair.None, TrackStreamState.Paused, now);
                break;
            case AllocationReason.LinkLimited:
                subscription.Allow(new LayerPair(answer.Target.Spatial, answer.Target.Temporal), TrackStreamState.Active, now);
                break;
            default:
                // Nothing holds it back: whatever else begins to be sent may be forwarded at once.
                subscription.Allow(LayerPair.All, TrackStreamState.Active, now);
                break;
        }
    }
}
