namespace BuildIt.Testing.Network;

/// <summary>What one direction of an impaired link does to packets. Immutable; put another one in its place to change the link.</summary>
public sealed record LinkConditions
{
    /// <summary>Passes everything at once.</summary>
    public static LinkConditions Clear { get; } = new();

    /// <summary>Passes nothing and says nothing about it.</summary>
    public static LinkConditions Cut { get; } = new() { Loss = 1 };

    /// <summary>Bits each second, IP payload; 0 for no limit.</summary>
    public long BitsPerSecond { get; init; }

    /// <summary>Tail drop: the time that a full queue takes to drain. Without effect when the rate has no limit.</summary>
    public TimeSpan Queue { get; init; } = TimeSpan.FromMilliseconds(300);

    /// <summary>One way, beside queueing.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>Largest extra delay, evenly spread; order is kept.</summary>
    public TimeSpan Jitter { get; init; }

    /// <summary>Share of packets lost, 0 to 1.</summary>
    public double Loss { get; init; }

    /// <summary>Share of packets that are held back and so overtaken, 0 to 1.</summary>
    public double Reordering { get; init; }

    /// <summary>How long overtaken packets are held back.</summary>
    public TimeSpan ReorderingDelay { get; init; } = TimeSpan.FromMilliseconds(20);
}
