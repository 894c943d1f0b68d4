using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Signaling.Rooms;

/// <summary>Turns instants of the media clock into dates, so that a room needs no clock of its own.</summary>
/// <param name="AtZero">The date at <see cref="Instant.Zero"/>.</param>
public sealed record WallClock(DateTimeOffset AtZero)
{
    public DateTimeOffset At(Instant now) => AtZero.AddMicroseconds(now.Microseconds);
}
