using BuildIt.RoomApi.Identity;
using BuildIt.RoomApi.Registry;

namespace BuildIt.RoomApi.Tests.Registry;

/// <summary>Who gives way in a waiting room that is full.</summary>
public sealed class WaitingRoomShareTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Somebody_from_elsewhere_takes_the_place_of_the_latest_of_a_crowd()
    {
        var waiting = Enumerable.Range(0, WaitingRooms.Capacity).Select(i => Waits(i, "crowd")).ToList();
        Assert.Equal(waiting[^1].Participant, WaitingRooms.WhoGivesWay(waiting, "elsewhere"));
        Assert.Null(WaitingRooms.WhoGivesWay(waiting, "crowd"));
    }

    [Fact]
    public void In_the_end_every_network_has_as_many()
    {
        var waiting = Enumerable.Range(0, 12).Select(i => Waits(i, "crowd")).ToList();
        for (var i = 12; i < 100; i++)
        {
            var from = i % 3 == 0 ? "first" : "second";
            if (WaitingRooms.WhoGivesWay(waiting, from) is { } latest)
            {
                waiting.RemoveAll(item => item.Participant == latest);
                waiting.Add(Waits(i, from));
            }
        }

        Assert.Equal(12, waiting.Count);
        Assert.All(waiting.GroupBy(item => item.Entry.From), group => Assert.InRange(group.Count(), 3, 5));
        Assert.Equal(3, waiting.GroupBy(item => item.Entry.From).Count());
    }

    private static (ParticipantId Participant, WaitingEntry Entry) Waits(int number, string from)
    {
        var bytes = new byte[ParticipantId.Size];
        BitConverter.TryWriteBytes(bytes, number);
        var at = Start + TimeSpan.FromSeconds(number);
        return (ParticipantId.FromBytes(bytes), new WaitingEntry(KnockState.Waiting, at, at, null, from));
    }
}
