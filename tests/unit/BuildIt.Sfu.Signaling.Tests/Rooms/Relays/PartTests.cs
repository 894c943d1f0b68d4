using System.Text;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Base;
using Google.Protobuf;

namespace BuildIt.Sfu.Signaling.Tests.Rooms.Relays;

/// <summary>A room in parts on several loops of one node, the first of which is its home.</summary>
public sealed class PartTests
{
    [Fact]
    public void A_home_ends_when_nobody_is_in_any_part_and_not_before()
    {
        var parts = Parted(2);
        var (home, part) = (parts.Nodes[0], parts.Nodes[1]);
        var first = home.Activate("first");
        var second = part.Activate("second");
        parts.Advance(TimeSpan.FromSeconds(4));
        first.Ask(new SignalRequest { Leave = new LeaveRequest() });
        parts.Advance(RoomOptions.DefaultDepartureTimeout * 3);
        Assert.False(home.Room.Ended);
        Assert.Null(home.Room.Figures.EmptyFor(home.Now));

        second.Ask(new SignalRequest { Leave = new LeaveRequest() });
        parts.Carry();
        parts.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(TimeSpan.FromSeconds(1), home.Room.Figures.EmptyFor(home.Now));
        parts.Advance(RoomOptions.DefaultDepartureTimeout);
        Assert.Equal(RoomEndReason.RoomEndIdleTimeout, home.EndReason);
    }

    [Fact]
    public void A_home_in_which_nobody_ever_was_does_not_end_under_those_in_a_part()
    {
        var parts = Parted(2);
        parts.Nodes[1].Activate("only");
        parts.Advance(RoomOptions.DefaultEmptyTimeout * 2);
        Assert.False(parts.Nodes[0].Room.Ended);
        Assert.True(parts.Nodes[0].Room.Figures.EverJoined);
    }

    [Fact]
    public void What_the_server_says_in_each_part_is_heard_once_in_all_though_they_were_opened_at_one_moment()
    {
        var parts = Parted(3);
        var people = parts.Nodes.Select((node, i) => node.Activate($"person-{i}")).ToArray();
        parts.Advance(TimeSpan.FromSeconds(4));
        for (var i = 0; i < 3; i++)
        {
            Assert.True(parts.Nodes[i].Room.Moderation.SendData(new SendDataRequest { Data = ByteString.CopyFrom(Encoding.UTF8.GetBytes($"from {i}")), Kind = DataPacket.Types.Kind.Reliable }, parts.Nodes[i].Now));
        }

        parts.Carry();
        Assert.All(people, person => Assert.Equal(3, person.Peer.Sent.Count));
    }

    [Fact]
    public void What_goes_between_parts_is_sent_to_no_fleet()
    {
        var parts = Parted(2);
        parts.Nodes[1].Activate("far");
        parts.Advance(TimeSpan.FromSeconds(4));
        Assert.Empty(parts.Nodes[0].Room.Figures.Relayed);
        Assert.Empty(parts.Nodes[1].Room.Figures.Relayed);
    }

    [Fact]
    public void Whoever_is_expected_back_at_the_home_is_so_in_a_part_that_is_told()
    {
        var parts = Parted(2);
        var (home, part) = (parts.Nodes[0], parts.Nodes[1]);
        home.Room.Expect("returner", home.Now);
        foreach (var identity in home.Room.Expected(home.Now))
        {
            part.Room.Expect(identity, part.Now);
        }

        Assert.Equal(["returner"], part.Room.Expected(part.Now));
        part.Advance(TimeSpan.FromMinutes(2));
        Assert.Empty(part.Room.Expected(part.Now));
    }

    /// <summary>So many parts that are linked to their home.</summary>
    private static CascadeFixture Parted(int count)
    {
        var opened = 0;
        var parts = new CascadeFixture(count, options => opened++ == 0 ? options with { NodeName = "node", EndsWhenEmpty = true } : (options with { NodeName = "node" }).ForPart(opened));
        for (var part = 1; part < count; part++)
        {
            parts.Link(0, part, isInner: true);
        }

        return parts;
    }
}
