using BuildIt.Sfu.Media.Allocation;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Connections;

namespace BuildIt.Sfu.Media.Relay;

/// <summary>
/// Holds a room's end of a link to its part of what all rooms may send to the other fleet. What counts is what leaves: beside media that
/// is data, repair, probes and what encryption adds, which are measured. Used on one loop.
/// </summary>
internal sealed class RelayShare(LinkShare share, OutgoingMedia outgoing, Instant now)
{
    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(500);

    /// <summary>Weight of a window: what a layer costs is measured over another stretch of time than what leaves, so single ones differ by a lot.</summary>
    private const double Weight = 0.25;

    private DataRate _media;
    private Instant _observedAt = now;
    private Instant _windowStart = now;
    private long _bytes = outgoing.Connection.Transport.BytesSent;
    private long _mediaBytes;
    private double _other;

    /// <summary>Tells what is wanted.</summary>
    /// <returns>What media may take of the link.</returns>
    public DataRate Take(in LinkWish media, Instant now)
    {
        Observe(now);
        var link = outgoing.Link;
        var other = new DataRate((long)Math.Max(0, _other));
        var upkeep = other - DataRate.Min(other, link.Data.Used);

        // A layer is let across with room to spare, and data finds out by growing how much it can have: that is asked for as well.
        var wish = new LinkWish(media.Sound, media.Base + upkeep, (media.Wanted + other) * (1 + RelayAllocator.RiseMargin));
        var granted = share.Ask(wish, now);
        link.SetCeiling(granted);
        link.Data.Ceiling = granted == DataRate.Infinite ? granted : granted - DataRate.Min(granted, _media + upkeep);
        return granted == DataRate.Infinite ? granted : granted - DataRate.Min(granted, other);
    }

    /// <summary>What media takes from now on.</summary>
    public void Carries(DataRate media) => _media = media;

    public void Leave() => share.Leave();

    private void Observe(Instant now)
    {
        _mediaBytes += _media.Over(now - _observedAt).Bytes;
        _observedAt = now;
        var elapsed = now - _windowStart;
        if (elapsed >= Window)
        {
            var sent = outgoing.Connection.Transport.BytesSent;
            var excess = (sent - _bytes - _mediaBytes) * 8 / elapsed.TotalSeconds;
            _other += (excess - _other) * Weight;
            (_bytes, _mediaBytes, _windowStart) = (sent, 0, now);
        }
    }
}
