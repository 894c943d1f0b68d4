using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Signaling.Protocol;

namespace BuildIt.Sfu.Signaling.Rooms;

/// <summary>Orders changes of tracks, also those within one microsecond. Used on one loop.</summary>
internal sealed class TrackVersions(WallClock clock)
{
    private long _lastMicros;
    private int _ticks;

    public TimedVersion Next(Instant now)
    {
        var micros = clock.At(now).ToUnixTimeMilliseconds() * 1000;
        _ticks = micros == _lastMicros ? _ticks + 1 : 0;
        _lastMicros = micros;
        return new TimedVersion { UnixMicro = micros, Ticks = _ticks };
    }
}
