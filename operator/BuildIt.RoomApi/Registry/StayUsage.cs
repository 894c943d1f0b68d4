using BuildIt.Sfu.Contracts;

namespace BuildIt.RoomApi.Registry;

/// <summary>What a room has used on one node.</summary>
/// <param name="ParticipantSeconds">Time of participants.</param>
/// <param name="IngressBytes">Bytes taken from them.</param>
/// <param name="EgressBytes">Bytes sent to them.</param>
/// <param name="RelayBytes">Bytes sent to nodes of other fleets.</param>
public readonly record struct StayUsage(double ParticipantSeconds, long IngressBytes, long EgressBytes, long RelayBytes)
{
    /// <param name="heartbeat">Of the node.</param>
    /// <param name="report">What it says of the room.</param>
    public static StayUsage Of(Heartbeat heartbeat, RoomReport report) => new(
        double.IsFinite(report.ParticipantSeconds) && report.ParticipantSeconds > 0 ? report.ParticipantSeconds : 0,
        Math.Max(0, report.IngressBytes),
        Math.Max(0, report.EgressBytes),
        report.Relays.Where(relay => relay.Cluster != heartbeat.Cluster).Sum(relay => Math.Max(0, relay.SentBytes)));

    /// <summary>The larger of each count.</summary>
    public StayUsage Or(StayUsage other) => new(
        Math.Max(ParticipantSeconds, other.ParticipantSeconds),
        Math.Max(IngressBytes, other.IngressBytes),
        Math.Max(EgressBytes, other.EgressBytes),
        Math.Max(RelayBytes, other.RelayBytes));
}
