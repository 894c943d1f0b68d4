using BuildIt.Operator.Api;
using BuildIt.Operator.Planning.Replay;
using k8s.Models;

namespace BuildIt.KubectlSfu.Views;

/// <summary>One room: its seats as a tree, its people, its quality, its history.</summary>
internal sealed record RoomView(RoomRow Room, IReadOnlyList<SeatView> Seats, IReadOnlyList<EventRow> History)
{
    /// <summary>Puts it together. Pure.</summary>
    /// <param name="room">The room.</param>
    /// <param name="reported">What its pods say of it; empty when the operator could not be asked.</param>
    /// <param name="events">Events about it.</param>
    public static RoomView Of(ConferenceRoom room, IReadOnlyList<RoomSeat> reported, IReadOnlyList<Corev1Event> events)
    {
        var assignments = room.Status?.Assignments ?? [];
        return new RoomView(
            RoomRow.Of(room),
            [.. assignments.Where(seat => seat.Parent is null).SelectMany(seat => Below(seat, assignments, reported, 0))],
            [.. events.Select(EventRow.Of).OrderBy(each => each.At)]);
    }

    // A tree that somebody bent into a circle is shown once around.
    private static IEnumerable<SeatView> Below(RoomAssignment seat, IReadOnlyList<RoomAssignment> all, IReadOnlyList<RoomSeat> reported, int depth)
    {
        yield return new SeatView(depth, seat.Cluster, seat.Region, seat.Instance, seat.Role.ToString(), reported.Where(each => each.Instance == seat.Instance).MaxBy(each => each.Generation));
        if (depth >= all.Count)
        {
            yield break;
        }

        foreach (var below in all.Where(each => each.Parent == seat.Instance).OrderBy(each => each.Instance, StringComparer.Ordinal).SelectMany(each => Below(each, all, reported, depth + 1)))
        {
            yield return below;
        }
    }
}

/// <summary>A pod that serves a room.</summary>
/// <param name="Depth">How far below the origin.</param>
/// <param name="Fleet">Its fleet.</param>
/// <param name="Region">Its region.</param>
/// <param name="Pod">The pod.</param>
/// <param name="Role">Origin or Edge.</param>
/// <param name="Report">What it says of the room; null when it does not, or the operator could not be asked.</param>
internal sealed record SeatView(int Depth, string Fleet, string? Region, string Pod, string Role, RoomSeat? Report);
