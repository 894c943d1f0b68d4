namespace BuildIt.Operator.Rooms;

/// <summary>When a room is looked at again although nobody has told of anything new.</summary>
internal static class RoomRetries
{
    /// <summary>What is missing is on its way.</summary>
    public static readonly TimeSpan Quick = TimeSpan.FromMilliseconds(200);

    /// <summary>Something is away, or there is no pod.</summary>
    public static readonly TimeSpan Usual = TimeSpan.FromSeconds(1);

    /// <summary>A pod that does not report a room it was given so long ago is told again.</summary>
    public static readonly TimeSpan TellAgain = TimeSpan.FromSeconds(3);

    /// <summary>The sooner of two, of which one may not be wanted.</summary>
    public static TimeSpan Sooner(TimeSpan? one, TimeSpan other) => one < other ? one.Value : other;

    /// <summary>At once, where it is due already.</summary>
    public static TimeSpan Positive(TimeSpan wait) => wait > TimeSpan.FromMilliseconds(1) ? wait : TimeSpan.FromMilliseconds(1);
}
