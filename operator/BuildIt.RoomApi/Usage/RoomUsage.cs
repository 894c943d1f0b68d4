using BuildIt.Sfu.Contracts;

namespace BuildIt.RoomApi.Usage;

/// <summary>A room's use as the conference plan's analytics ask for it: sums and means over the room, nothing about a person.</summary>
/// <param name="RoomId">The room.</param>
/// <param name="Timestamp">When this was put together.</param>
/// <param name="ParticipantCount">Participants now.</param>
/// <param name="PublisherCount">Participants that send media now.</param>
/// <param name="AvgBitrate">Media received and sent by the nodes, in bits per second and participant.</param>
/// <param name="AvgLatency">Mean round-trip time, in milliseconds; null until measured.</param>
/// <param name="PacketLossRate">Fraction of packets lost, 0 to 1; null until measured.</param>
/// <param name="E2eeEnabled">True while every published track is end-to-end encrypted.</param>
/// <param name="ParticipantMinutes">Participant time served so far, in minutes, over all nodes the room has been on.</param>
public sealed record RoomUsage(
    string RoomId,
    DateTimeOffset Timestamp,
    int ParticipantCount,
    int PublisherCount,
    double AvgBitrate,
    double? AvgLatency,
    double? PacketLossRate,
    bool E2eeEnabled,
    double ParticipantMinutes)
{
    /// <summary>Puts a room's use together. Pure.</summary>
    /// <param name="room">The room.</param>
    /// <param name="heartbeats">Heartbeats of all nodes.</param>
    /// <param name="recorded">Participant-seconds recorded so far, by <see cref="Field"/>.</param>
    /// <param name="now">The time.</param>
    public static RoomUsage Of(string room, IEnumerable<Heartbeat> heartbeats, IReadOnlyDictionary<string, double> recorded, DateTimeOffset now)
    {
        var seconds = new Dictionary<string, double>(recorded, StringComparer.Ordinal);
        var reports = new List<RoomReport>();
        foreach (var heartbeat in heartbeats)
        {
            foreach (var report in heartbeat.Rooms.Where(report => report.Room.Value == room))
            {
                reports.Add(report);
                var field = Field(heartbeat, report);
                seconds[field] = Math.Max(seconds.GetValueOrDefault(field), Finite(report.ParticipantSeconds));
            }
        }

        var participants = reports.Sum(report => report.Participants);
        return new RoomUsage(
            room,
            now,
            participants,
            reports.Sum(report => report.Publishers),
            participants == 0 ? 0 : reports.Sum(report => (double)(report.IngressBitsPerSecond + report.EgressBitsPerSecond)) / participants,
            Mean(reports, report => report.RoundTripMilliseconds),
            Mean(reports, report => report.LossFraction),
            reports.TrueForAll(report => report.EndToEndEncrypted || report.Publishers == 0),
            seconds.Values.Sum() / 60);
    }

    /// <summary>Names one node's count of one generation since one start: such a count only grows.</summary>
    public static string Field(Heartbeat heartbeat, RoomReport report) =>
        FormattableString.Invariant($"{heartbeat.Node}|{report.Generation}|{heartbeat.Boot}");

    private static double? Mean(List<RoomReport> reports, Func<RoomReport, double?> value)
    {
        var measured = reports.Where(report => value(report) is { } number && double.IsFinite(number) && report.Participants > 0).ToList();
        var weight = measured.Sum(report => report.Participants);
        return weight == 0 ? null : measured.Sum(report => value(report)!.Value * report.Participants) / weight;
    }

    private static double Finite(double seconds) => double.IsFinite(seconds) && seconds > 0 ? seconds : 0;
}
