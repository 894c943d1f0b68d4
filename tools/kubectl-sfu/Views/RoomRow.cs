using BuildIt.Operator.Api;

namespace BuildIt.KubectlSfu.Views;

/// <summary>A room in one line.</summary>
internal sealed record RoomRow(
    string Namespace, string Name, string Phase, bool Ready, string? Region, IReadOnlyList<string> Pods, int Participants, int Publishers, long Generation, int Failovers, DateTimeOffset? CreatedAt, string? Message)
{
    public static RoomRow Of(ConferenceRoom room)
    {
        var status = room.Status ?? new ConferenceRoomStatus();
        var ready = status.Conditions.FirstOrDefault(condition => condition.Type == ConferenceRoomConditions.Ready);
        var seats = status.Assignments.OrderBy(seat => seat.Role).ToList();
        return new RoomRow(
            room.Metadata.NamespaceProperty, room.Metadata.Name, status.Phase.ToString(), ready?.Status == "True", seats.FirstOrDefault()?.Region, [.. seats.Select(seat => seat.Instance)],
            status.Participants, status.Publishers, status.Generation, status.Failovers,
            room.Metadata.CreationTimestamp is { } at ? new DateTimeOffset(at.ToUniversalTime(), TimeSpan.Zero) : null, ready?.Message);
    }
}
