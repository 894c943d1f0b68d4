using BuildIt.Sfu.Contracts;

namespace BuildIt.RoomApi.Registry;

/// <summary>What a room has used on one node.</summary>
public readonly record struct StayUsage(double ParticipantSeconds, long IngressBytes, long EgressBytes)
{
    public static StayUsage Of(RoomReport report) => new(
        double.IsFinite(report.ParticipantSeconds) && report.ParticipantSeconds > 0 ? report.ParticipantSeconds : 0, Math.Max(0, report.IngressBytes), Math.Max(0, report.EgressBytes));

    /// <summary>The larger of each count.</summary>
    public StayUsage Or(StayUsage other) => new(
        Math.Max(ParticipantSeconds, other.ParticipantSeconds), Math.Max(IngressBytes, other.IngressBytes), Math.Max(EgressBytes, other.EgressBytes));
}
