using BuildIt.Sfu.Media.Rooms;

namespace BuildIt.Sfu.Signaling.Rooms.Limits;

/// <summary>How often clients of this node went beyond their limits, by limit. Thread-safe.</summary>
public sealed class LimitCounters
{
    private readonly long[] _counts = new long[Enum.GetValues<ClientLimit>().Length];

    public long this[ClientLimit limit] => Volatile.Read(ref _counts[(int)limit]);

    public void Count(ClientLimit limit) => Interlocked.Increment(ref _counts[(int)limit]);
}
