using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Forwarding;
using BuildIt.Sfu.Media.Quality;

namespace BuildIt.Sfu.Media.WebRtc;

/// <summary>Judges one participant's connection from all it sends and receives. Used on one loop.</summary>
internal sealed class QualityScorer(ClientUpstream upstream, ClientDownstream downstream)
{
    private readonly ConnectionQuality _quality = new();
    private bool _told;
    private StreamCondition[] _streams = new StreamCondition[8];

    public LinkQuality Quality => _quality.Quality;

    public float Score => _quality.Score;

    /// <summary>Scores what happened since the last call; true when the step shown to people changed, and the first time.</summary>
    public bool Update(bool isConnected, Instant now)
    {
        var count = 0;
        foreach (var publication in upstream.Publications.Values)
        {
            foreach (var encoding in publication.Encodings)
            {
                if (!publication.Muted && encoding.Incoming is not null)
                {
                    Add(ref count, Published(encoding));
                }
            }
        }

        foreach (var subscription in downstream.Subscriptions.Values)
        {
            if (subscription.Encoding is not null && !subscription.IsIdle)
            {
                Add(ref count, Received(subscription));
            }
        }

        var changed = _quality.Update(_streams.AsSpan(0, count), isConnected) || !_told;
        _told = true;
        return changed;
    }

    private StreamCondition Published(PublicationEncoding encoding)
    {
        long expected = 0;
        long lost = 0;
        var jitter = TimeSpan.Zero;
        foreach (var layer in encoding.Incoming!.Layers)
        {
            if (layer is not null)
            {
                expected += layer.Statistics.Expected;
                lost += layer.Statistics.Lost;
                jitter = layer.Statistics.Jitter > jitter ? layer.Statistics.Jitter : jitter;
            }
        }

        var before = encoding.Scored;
        encoding.Scored = (expected, lost);
        return new StreamCondition(
            !encoding.Publication.IsVideo, Math.Max(0, expected - before.Expected), lost - before.Lost, downstream.Link.RoundTrip, jitter, 1, 1);
    }

    private static StreamCondition Received(Subscription subscription)
    {
        var reports = subscription.Down!.Reports;
        var before = subscription.Scored;
        subscription.Scored = (reports.PacketsSent, reports.CumulativeLost);
        var expectedLayers = 1;
        var actualLayers = 1;
        if (subscription.Publication.IsVideo && subscription.Encoding!.Incoming!.IsSimulcast)
        {
            expectedLayers = Math.Min(subscription.WantedLayer(), subscription.Down.HighestLayer) + 1;
            actualLayers = subscription.Down.CurrentLayers.Spatial + 1;
        }

        return new StreamCondition(
            !subscription.Publication.IsVideo,
            reports.PacketsSent - before.Sent,
            reports.CumulativeLost - before.Lost,
            reports.RoundTrip,
            reports.Jitter,
            expectedLayers,
            actualLayers);
    }

    private void Add(ref int count, in StreamCondition condition)
    {
        if (count == _streams.Length)
        {
            Array.Resize(ref _streams, count * 2);
        }

        _streams[count++] = condition;
    }
}
