using System.ComponentModel;
using BuildIt.Operator.Api;
using BuildIt.RoomApi.Registry;
using BuildIt.Sfu.Contracts;

namespace BuildIt.RoomApi.Usage;

/// <summary>
/// A room's use as the conference plan's analytics ask for it (ConferenceMetrics), and what it has used in all: sums and means over the
/// room, nothing about a person.
/// </summary>
public sealed record RoomUsage
{
    public required string RoomId { get; init; }

    [Description("When this was put together, in milliseconds since 1970.")]
    public required long Timestamp { get; init; }

    [Description("Participants now.")]
    public int ParticipantCount { get; init; }

    [Description("Participants that send media now.")]
    public int PublisherCount { get; init; }

    [Description("Media received and sent by the nodes, in bits per second and participant.")]
    public double AvgBitrate { get; init; }

    [Description("Mean round-trip time, in milliseconds; 0 until measured.")]
    public double AvgLatency { get; init; }

    [Description("Fraction of packets lost, 0 to 1; 0 until measured.")]
    public double PacketLossRate { get; init; }

    [Description("True while every published track is end-to-end encrypted.")]
    public bool E2eeEnabled { get; init; }

    [Description("Participant time served so far, in minutes, over all nodes the room has been on.")]
    public double ParticipantMinutes { get; init; }

    [Description("Bytes taken from participants so far: datagrams without IP and UDP headers.")]
    public long IngressBytes { get; init; }

    [Description("Bytes sent to participants so far.")]
    public long EgressBytes { get; init; }

    [Description("Bytes that nodes of the room sent to those of other fleets so far, over RegionLinks.")]
    public long RelayBytes { get; init; }

    [Description("Price of what was sent, as last worked out. Absent where fleets do not say what they cost.")]
    public double? Cost { get; init; }

    [Description("Currency of the price.")]
    public string? Currency { get; init; }

    [Description("The room has ended, and this is all of it.")]
    public bool Final { get; init; }

    /// <summary>Puts a room's use together. Pure. Of each stay the largest of what is known counts, wherever it is known from.</summary>
    /// <param name="room">The room.</param>
    /// <param name="stored">What its object says; null when nothing.</param>
    /// <param name="heartbeats">Heartbeats of all nodes.</param>
    /// <param name="recorded">What was recorded so far, by stay.</param>
    /// <param name="now">The time.</param>
    public static RoomUsage Of(
        string room, ConferenceUsage? stored, IEnumerable<Heartbeat> heartbeats, IReadOnlyDictionary<string, StayUsage> recorded, DateTimeOffset now)
    {
        var stays = new Dictionary<string, StayUsage>(recorded, StringComparer.Ordinal);
        foreach (var seat in stored?.Seats ?? [])
        {
            stays[seat.Id] = stays.GetValueOrDefault(seat.Id).Or(new StayUsage(seat.ParticipantSeconds, seat.IngressBytes, seat.EgressBytes, seat.Relays.Sum(relay => relay.Bytes)));
        }

        var reports = new List<RoomReport>();
        foreach (var heartbeat in heartbeats)
        {
            foreach (var report in heartbeat.Rooms.Where(report => report.Room.Value == room))
            {
                reports.Add(report);
                var id = StayOf(heartbeat, report);
                stays[id] = stays.GetValueOrDefault(id).Or(StayUsage.Of(heartbeat, report));
            }
        }

        var participants = reports.Sum(report => report.Participants);
        return new RoomUsage
        {
            RoomId = room,
            Timestamp = now.ToUnixTimeMilliseconds(),
            ParticipantCount = participants,
            PublisherCount = reports.Sum(report => report.Publishers),
            AvgBitrate = participants == 0 ? 0 : reports.Sum(report => (double)(report.IngressBitsPerSecond + report.EgressBitsPerSecond)) / participants,
            AvgLatency = Mean(reports, report => report.RoundTripMilliseconds),
            PacketLossRate = Mean(reports, report => report.LossFraction),
            E2eeEnabled = reports.TrueForAll(report => report.EndToEndEncrypted || report.Publishers == 0),
            ParticipantMinutes = stays.Values.Sum(stay => stay.ParticipantSeconds) / 60,
            IngressBytes = stays.Values.Sum(stay => stay.IngressBytes),
            EgressBytes = stays.Values.Sum(stay => stay.EgressBytes),
            RelayBytes = stays.Values.Sum(stay => stay.RelayBytes),
            Cost = stored?.Cost,
            Currency = stored?.Currency,
            Final = stored?.Final == true,
        };
    }

    /// <summary>Names one node's count of one generation since one start: such a count only grows.</summary>
    public static string StayOf(Heartbeat heartbeat, RoomReport report) => SeatUsage.IdOf(heartbeat.Node.Value, report.Generation, heartbeat.Boot);

    private static double Mean(List<RoomReport> reports, Func<RoomReport, double?> value)
    {
        var measured = reports.Where(report => value(report) is { } number && double.IsFinite(number) && report.Participants > 0).ToList();
        var weight = measured.Sum(report => report.Participants);
        return weight == 0 ? 0 : measured.Sum(report => value(report)!.Value * report.Participants) / weight;
    }
}
