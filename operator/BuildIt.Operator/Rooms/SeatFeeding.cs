using BuildIt.Operator.Api;

namespace BuildIt.Operator.Rooms;

/// <summary>What is remembered of how an edge was fed by the parent that it has: pods say how it is, and not how it was.</summary>
/// <param name="CutOffSince">Since when it has not had the room from there, by its own word; null while it has.</param>
/// <param name="WasConnected">It has had the room from there.</param>
internal readonly record struct SeatFeeding(DateTimeOffset? CutOffSince, bool WasConnected)
{
    // A node gives a link up that is silent for two seconds. What comes over the network is held to what can be.
    private const double MostSilentSeconds = 2;

    /// <summary>The way of an edge: another parent is another one, of which nothing is known yet.</summary>
    public static (string Instance, string Parent) WayOf(RoomAssignment seat) => (seat.Instance, seat.Parent ?? string.Empty);

    /// <summary>Takes in what pods say now; null where nothing is to be remembered.</summary>
    /// <param name="seats">The seats of a room.</param>
    /// <param name="known">What was remembered.</param>
    /// <param name="now">Now.</param>
    public static IReadOnlyDictionary<(string Instance, string Parent), SeatFeeding>? Follow(
        IReadOnlyList<ObservedSeat> seats, IReadOnlyDictionary<(string Instance, string Parent), SeatFeeding>? known, DateTimeOffset now)
    {
        Dictionary<(string Instance, string Parent), SeatFeeding>? feedings = null;
        foreach (var seat in seats)
        {
            if (seat.Assignment.Parent is null)
            {
                continue;
            }

            var way = WayOf(seat.Assignment);
            var before = known?.GetValueOrDefault(way) ?? default;
            (feedings ??= [])[way] = seat.Report?.ParentConnected switch
            {
                true => new SeatFeeding(null, WasConnected: true),
                false => before with { CutOffSince = before.CutOffSince ?? SilentSince(seat, now) },
                null => before,
            };
        }

        return feedings;
    }

    // What it had when it heard its parent last is what it lacks since.
    private static DateTimeOffset SilentSince(ObservedSeat seat, DateTimeOffset now) =>
        seat.Report?.ParentSilentSeconds is { } seconds ? (seat.Instance?.HeardAt ?? now) - TimeSpan.FromSeconds(Math.Clamp(seconds, 0, MostSilentSeconds)) : now;
}
