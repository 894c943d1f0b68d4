using BuildIt.Operator.Rooms;
using BuildIt.Sfu.Contracts;
using Xunit.Abstractions;

namespace BuildIt.Operator.Tests.Rooms;

public sealed class ReportChangesTests(ITestOutputHelper output)
{
    [Fact]
    public void Every_room_of_either_report_is_paired_with_itself()
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (var run = 0; run < 1_000; run++)
        {
            var (before, after) = (Reports(random), Reports(random));
            var pairs = new List<(string, int?, int?)>();
            foreach (var change in new ReportChanges(before, after))
            {
                pairs.Add((change.Room, change.Before?.Participants, change.After?.Participants));
            }

            var expected = before.Concat(after).Select(report => report.Room.Value).Distinct()
                .Select(room => (room, Of(before, room), Of(after, room)));
            Assert.Equal(expected.Order(), pairs.Order());
        }
    }

    [Fact]
    public void Nothing_is_allocated_as_long_as_no_room_comes_or_goes()
    {
        RoomReport[] reports = [.. Enumerable.Range(0, 10).Select(i => Report($"room-{i}", i))];
        var seen = Count();
        var before = GC.GetAllocatedBytesForCurrentThread();
        seen += Count();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(20, seen);

        int Count()
        {
            var count = 0;
            foreach (var _ in new ReportChanges(reports, reports))
            {
                count++;
            }

            return count;
        }
    }

    private static int? Of(IEnumerable<RoomReport> reports, string room) => reports.FirstOrDefault(report => report.Room.Value == room)?.Participants;

    private static RoomReport[] Reports(Random random)
    {
        var rooms = Enumerable.Range(0, 8).Where(_ => random.Next(4) > 0).ToArray();
        if (random.Next(2) == 0)
        {
            random.Shuffle(rooms);
        }

        return [.. rooms.Select(room => Report($"room-{room}", random.Next(3)))];
    }

    private static RoomReport Report(string room, int participants) => new() { Room = new RoomId(room), Generation = 1, Participants = participants };
}
