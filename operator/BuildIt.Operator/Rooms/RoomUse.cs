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
    /// <param name="prices">What fleets and links cost.</param>
    /// <param name="final">The room is over.</param>
    /// <param name="now">The time.</param>
    public static ConferenceUsage Merge(
        ConferenceUsage? written, IReadOnlyList<SeatCount> seats, int peak, UsagePrices prices, bool final, DateTimeOffset now)
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
                Relays = RelayUsage.Larger(known?.Relays ?? [], seat.Relays),
            };
        }

        var all = Fold([.. order.Select(id => merged[id])]);
        var (cost, currency) = CostOf(all, prices, written);
        return new ConferenceUsage
        {
            AsOf = new DateTime(now.UtcTicks - (now.UtcTicks % TimeSpan.TicksPerSecond), DateTimeKind.Utc),
            Final = final,
            Delivered = written?.Delivered == true,
            ParticipantMinutes = Math.Round(all.Sum(seat => seat.ParticipantSeconds) / 60, 3),
            IngressBytes = all.Sum(seat => seat.IngressBytes),
            EgressBytes = all.Sum(seat => seat.EgressBytes),
            RelayBytes = all.Sum(seat => seat.Relays.Sum(relay => relay.Bytes)),
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
                Relays = RelayUsage.Sum(folded.Select(seat => seat.Relays)),
            },
            .. apart.TakeLast(MostSeats),
        ];
    }

    private static (double? Cost, string? Currency) CostOf(List<SeatUsage> seats, UsagePrices prices, ConferenceUsage? written)
    {
        var currencies = seats.Select(seat => prices.Of(seat.Cluster)?.Currency).OfType<string>().Distinct(StringComparer.Ordinal).ToList();
        return currencies switch
        {
            // Its fleets may be gone by now.
            [] => (written?.Cost, written?.Currency),
            [var currency] => (Math.Round(seats.Sum(seat => prices.TrafficOf(seat) ?? 0), 6), currency),
            _ => (null, null),
        };
    }
}
