using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Protocol.Relay;
using Google.Protobuf;

namespace BuildIt.Sfu.Signaling.Tests.Rooms.Relays;

/// <summary>A node at the other end of a link that lies, is broken, or says far too much.</summary>
public sealed class NeighbourTests
{
    private const int MaxMembers = 10_000;

    [Fact]
    public void A_broken_neighbour_changes_nothing_of_what_is_here()
    {
        var cascade = new CascadeFixture(2);
        cascade.Link(0, 1);
        var victim = cascade.Nodes[0].Activate("victim");
        cascade.Carry();
        void Say(RelayMessage message) => Tell(cascade.Nodes[0], message);

        // Somebody who is here: gone, changed, speaking in its name.
        Say(new() { MemberGone = new() { Sid = victim.Sid.Value } });
        Say(new() { Member = new() { Info = new ParticipantInfo { Sid = victim.Sid.Value, Identity = "victim", Name = "other" }, Node = "node-1", Version = 1000 } });
        Say(new() { Data = new() { From = victim.Sid.Value, Packet = new DataPacket { User = new UserPacket() }.ToByteString() } });
        Say(new() { Member = new() { Info = new ParticipantInfo { Sid = "PA_far", Identity = "far" }, Node = "node-1", Version = 1 } });
        Say(new() { Data = new() { From = "PA_far", Packet = new DataPacket { ParticipantIdentity = "victim", User = new UserPacket() }.ToByteString() } });
        Say(new() { Track = new() { TrackSid = "TR_1", ParticipantSid = victim.Sid.Value, Info = new TrackInfo { Sid = "TR_1" }, Announced = { new AnnouncedEncoding { Cid = "c" } } } });
        Say(new() { Hops = 100, Member = new() { Info = new ParticipantInfo { Sid = "PA_circle", Identity = "circle" }, Version = 1 } });
        Say(new() { Quality = new() { Sid = victim.Sid.Value, Quality = ConnectionQuality.Lost } });
        cascade.Nodes[0].Media.Relays[0].Events.OnMessage(DataChannelKind.Reliable, [0xFF, 0xFF, 0xFF], cascade.Nodes[0].Now);

        Assert.Equal("VICTIM", cascade.Nodes[0].Room.FindParticipant("victim")!.Name);
        Assert.Empty(victim.TakeData());
        Assert.Equal(["far", "victim"], cascade.Everybody(0));
        Assert.Empty(cascade.Nodes[0].Media.Relays[0].Tracks);
    }

    [Fact]
    public void A_flood_of_people_who_come_and_go_ends_the_link_and_nobody_elses()
    {
        var cascade = new CascadeFixture(3);
        var sound = cascade.Link(0, 2);
        var flooding = cascade.Link(0, 1);
        var here = cascade.Nodes[0].Activate("here");
        cascade.Nodes[2].Activate("elsewhere");
        cascade.Advance(TimeSpan.FromSeconds(4));
        here.Take();

        var said = 0;
        while (!flooding.Parent.Link.IsClosed)
        {
            Assert.True(said < MaxMembers * 3, "nothing ends the flood");
            Tell(cascade.Nodes[0], Somebody(said));
            Tell(cascade.Nodes[0], new() { MemberGone = new() { Sid = $"PA_{said}" } });
            said++;
        }

        Assert.Equal(RelayFailure.Flood, flooding.Parent.Link.Failure);
        Assert.Equal(["elsewhere", "here"], cascade.Everybody(0));
        Assert.True(sound.Parent.Link.IsUp);
        Assert.Empty(here.Take(r => r.Leave));
    }

    [Fact]
    public void Another_link_gives_a_flooding_node_nothing_back_but_time_does()
    {
        var cascade = new CascadeFixture(2);
        cascade.Link(0, 1);
        Flood(cascade.Nodes[0]);
        cascade.Link(0, 1);
        Assert.True(Flood(cascade.Nodes[0]) <= 1);

        cascade.Advance(TimeSpan.FromSeconds(1));
        cascade.Link(0, 1);
        Assert.InRange(Flood(cascade.Nodes[0]), 100, 2_000);
    }

    [Fact]
    public void What_a_node_says_of_its_people_has_a_bound()
    {
        var cascade = new CascadeFixture(2);
        var wire = cascade.Link(0, 1);
        var text = new string('x', 200_000);
        var said = 0;
        for (; !wire.Parent.Link.IsClosed; said++)
        {
            Assert.True(said < 1_000, "nothing ends it");
            var message = Somebody(said);
            message.Member.Info.Metadata = text;
            Tell(cascade.Nodes[0], message);
        }

        Assert.Equal(RelayFailure.Flood, wire.Parent.Link.Failure);
        Assert.InRange((long)said * text.Length, 0, 33 * 1024 * 1024);
    }

    [Fact]
    public void Data_beyond_what_may_be_lost_is_and_the_rest_is_delivered()
    {
        var cascade = new CascadeFixture(2);
        var wire = cascade.Link(0, 1);
        var here = cascade.Nodes[0].Activate("here");
        Tell(cascade.Nodes[0], Somebody(0));
        var packet = new DataPacket { ParticipantIdentity = "0", User = new UserPacket() }.ToByteString();
        for (var i = 0; i < 100_000; i++)
        {
            Tell(cascade.Nodes[0], new() { Data = new() { From = "PA_0", Packet = packet } }, DataChannelKind.Lossy);
        }

        Assert.InRange(here.TakeData().Count(), 1_000, 20_000);
        Assert.True(wire.Parent.Link.IsUp);

        Tell(cascade.Nodes[0], new() { Data = new() { From = "PA_0", Packet = packet } });
        Assert.Equal(RelayFailure.Flood, wire.Parent.Link.Failure);
    }

    [Fact]
    public void Probes_are_answered_as_often_as_a_sound_node_asks()
    {
        var cascade = new CascadeFixture(2);
        var wire = cascade.Link(0, 1);
        for (var i = 0; i < 1_000; i++)
        {
            Tell(cascade.Nodes[0], new() { Probe = new() { Number = (uint)i } }, DataChannelKind.Lossy);
        }

        var answers = 0;
        while (wire.Parent.Peer.TryTake(out _, out _))
        {
            answers++;
        }

        Assert.InRange(answers, 1, 20);
        Assert.True(wire.Parent.Link.IsUp);
    }

    [Fact]
    public void A_full_room_that_is_said_anew_twice_is_no_flood()
    {
        var cascade = new CascadeFixture(2);
        var wire = cascade.Link(0, 1);
        for (var round = 1u; round <= 3; round++)
        {
            for (var i = 0; i < MaxMembers; i++)
            {
                var message = Somebody(i);
                message.Member.Version = round;
                Tell(cascade.Nodes[0], message);
            }
        }

        Assert.True(wire.Parent.Link.IsUp);
        Assert.Equal((uint)MaxMembers, cascade.Nodes[0].Room.Info().NumParticipants);
    }

    private static RelayMessage Somebody(int number) => new()
    {
        Member = new()
        {
            Info = new ParticipantInfo { Sid = $"PA_{number}", Identity = $"{number}", JoinedAtMs = 1, State = ParticipantInfo.Types.State.Active },
            Node = "node-1",
            Version = 1,
        },
    };

    /// <summary>Speaks as the node at the other end of the newest link.</summary>
    private static void Tell(RoomFixture node, RelayMessage message, DataChannelKind channel = DataChannelKind.Reliable) =>
        node.Media.Relays[^1].Events.OnMessage(channel, message.ToByteArray(), node.Now);

    /// <returns>How many came before the link ended.</returns>
    private static int Flood(RoomFixture node)
    {
        var link = node.Room.Links[^1];
        var said = 0;
        for (; !link.IsClosed; said++)
        {
            Assert.True(said < MaxMembers * 3, "nothing ends the flood");
            Tell(node, Somebody(said));
            Tell(node, new() { MemberGone = new() { Sid = $"PA_{said}" } });
        }

        return said;
    }
}
