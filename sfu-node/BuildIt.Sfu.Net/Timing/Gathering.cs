using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Net.Timing;

/// <summary>
/// Decides how long a loop rests after an iteration. Under light load it does not: it sleeps until something arrives. Under load it
/// looks only once in each window, because waking up costs more than handling a packet does, and what has gathered meanwhile for one
/// destination leaves as one message.
/// </summary>
internal sealed class Gathering(TimeSpan window, int aboveRate)
{
    /// <summary>Several frames' time: media comes in bursts with nothing between.</summary>
    private static readonly TimeSpan RatePeriod = TimeSpan.FromMilliseconds(100);

    private Instant _periodStart;
    private long _packetsAtStart;
    private bool _underLoad;

    /// <summary>Call at the end of each iteration. Returns until when to rest; the iteration's own time when not at all.</summary>
    /// <param name="iteration">When the iteration began.</param>
    /// <param name="packets">Packets received and sent since the start of the loop.</param>
    public Instant RestUntil(Instant iteration, long packets)
    {
        TimeSpan elapsed = iteration - _periodStart;
        if (elapsed >= RatePeriod)
        {
            _underLoad = (packets - _packetsAtStart) / elapsed.TotalSeconds > aboveRate;
            _periodStart = iteration;
            _packetsAtStart = packets;
        }

        return _underLoad ? iteration + window : iteration;
    }
}
