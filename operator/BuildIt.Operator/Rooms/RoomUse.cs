using BuildIt.Operator.Api;

namespace BuildIt.Operator.Rooms;

/// <summary>
/// Works out what a room has used from what was written of it and what its pods have said since. Counts of a stay only grow, so taking the
/// larger of two never counts anything twice, whoever wrote it and how often. Pure.
/// </summary>
internal static class RoomUse
{
    /// <summary>Stays that are kept apart; earlier ones become one.</summary>
    public const int MostSeats = 32;

    /// <summary>Names the sum of the stays that are not kept apart any more.</summary>
    public const string Earlier = "earlier";

    /// <param name="written">What the room's status says; null when it says nothing.</param>
    /// <param name="seats">What its pods have said since the operator began to listen.</param>
    /// <param name="peak">Most participants at once among that.</param>
    /// <param name="costs">What fleets cost, by name; those that do not say are not in it.</param>
    /// <param name="final">The room is over.</param>
    /// <param name="now">The time.</param>
    public static ConferenceUsage Merge(
        ConferenceUsage? written, IReadOnlyList<SeatCount> seats, int peak, IReadOnlyDictionary<string, CostSpec> costs, bool final, DateTimeOffset now)
    {
        var merged = (written?.Seats ?? []).ToDictionary(seat => seat.Id, StringComparer.Ordinal);
        var order = (written?.Seats ?? []).Select(seat => seat.Id).ToList();
        foreach (var seat in seats)
        {
            if (!merged.TryGetValue(seat.Id, out var known))
            {
                order.Add(seat.Id);
            }

            merged[seat.Id] = new SeatUsage
            {
                Id = seat.Id,
                Cluster = seat.Cluster,
                ParticipantSeconds = Math.Max(known?.ParticipantSeconds ?? 0, Math.Round(seat.ParticipantSeconds, 3)),
                IngressBytes = Math.Max(known?.IngressBytes ?? 0, seat.IngressBytes),
                EgressBytes = Math.Max(known?.EgressBytes ?? 0, seat.EgressBytes),
            };
        }

        var all = Fold([.. order.Select(id => merged[id])]);
        var (cost, currency) = CostOf(all, costs, written);
        return new ConferenceUsage
        {
            AsOf = new DateTime(now.UtcTicks - (now.UtcTicks % TimeSpan.TicksPerSecond), DateTimeKind.Utc),
            Final = final,
            Delivered = written?.Delivered == true,
            ParticipantMinutes = Math.Round(all.Sum(seat => seat.ParticipantSeconds) / 60, 3),
            IngressBytes = all.Sum(seat => seat.IngressBytes),
            EgressBytes = all.Sum(seat => seat.EgressBytes),
            PeakParticipants = Math.Max(written?.PeakParticipants ?? 0, peak),
            Cost = cost,
            Currency = currency,
            Seats = all,
        };
    }

    // A stay that is folded never comes back: its pod has given the room up, many moves ago.
    private static List<SeatUsage> Fold(List<SeatUsage> seats)
    {
        var apart = seats.Where(seat => seat.Id != Earlier).ToList();
        if (apart.Count <= MostSeats)
        {
            return seats;
        }

        var folded = apart.Take(apart.Count - MostSeats).Concat(seats.Where(seat => seat.Id == Earlier)).ToList();
        return
        [
            new SeatUsage
            {
                Id = Earlier,
                Cluster = folded.Select(seat => seat.Cluster).Distinct().Count() == 1 ? folded[0].Cluster : null,
                ParticipantSeconds = folded.Sum(seat => seat.ParticipantSeconds),
                IngressBytes = folded.Sum(seat => seat.IngressBytes),
                EgressBytes = folded.Sum(seat => seat.EgressBytes),
            },
            .. apart.TakeLast(MostSeats),
        ];
    }

    private static (double? Cost, string? Currency) CostOf(List<SeatUsage> seats, IReadOnlyDictionary<string, CostSpec> costs, ConferenceUsage? written)
    {
        var priced = seats.Where(seat => seat.Cluster is not null && costs.ContainsKey(seat.Cluster)).ToList();
        if (priced.Count == 0)
        {
            // Its fleets may be gone by now.
            return (written?.Cost, written?.Currency);
        }

        var currencies = priced.Select(seat => costs[seat.Cluster!].Currency).Distinct(StringComparer.Ordinal).ToList();
        return currencies.Count == 1
            ? (Math.Round(priced.Sum(seat => seat.EgressBytes / 1e9 * costs[seat.Cluster!].EgressGigabyte), 6), currencies[0])
            : (null, null);
    }
}
