namespace BuildIt.Operator.Planning.Rooms;

/// <summary>
/// How often the pod of a room may die under it before the room itself is held responsible. Whatever a client of a room does to
/// its pod it does to the next one as well: without an end to it, one room would take the fleet down.
/// </summary>
public static class RestartIntensity
{
    /// <summary>So many deaths within <see cref="Window"/> put a room into quarantine.</summary>
    public const int Limit = 5;

    public static readonly TimeSpan Window = TimeSpan.FromMinutes(10);

    /// <summary>How long a quarantine lasts when nobody lifts it.</summary>
    public static readonly TimeSpan Quarantine = TimeSpan.FromMinutes(30);

    /// <summary>For so long after a quarantine that ended by itself, the first death renews it.</summary>
    public static readonly TimeSpan Probation = TimeSpan.FromHours(1);

    /// <summary>The deaths that still count at a time, oldest first.</summary>
    public static IReadOnlyList<DateTimeOffset> Counting(RoomObservation room, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(room);
        return [.. room.Losses.Where(loss => loss > now - Window && !(loss <= room.ReleasedAt))];
    }

    /// <summary>The deaths to remember after one more.</summary>
    public static IReadOnlyList<DateTimeOffset> After(RoomObservation room, DateTimeOffset now) => [.. Counting(room, now), now];

    /// <summary>Whether one more death puts the room into quarantine.</summary>
    public static bool Exceeds(RoomObservation room, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(room);
        var onProbation = room.QuarantinedUntil is { } until && now < until + Probation && !IsReleased(room);
        return onProbation || Counting(room, now).Count + 1 >= Limit;
    }

    /// <summary>A person has lifted the quarantine since it began.</summary>
    public static bool IsReleased(RoomObservation room)
    {
        ArgumentNullException.ThrowIfNull(room);
        return room.ReleasedAt > room.QuarantinedUntil - Quarantine;
    }
}
