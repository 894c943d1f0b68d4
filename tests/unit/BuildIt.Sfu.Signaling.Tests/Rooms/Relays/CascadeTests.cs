using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Media.Speakers;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Events;
using Google.Protobuf;

namespace BuildIt.Sfu.Signaling.Tests.Rooms.Relays;

/// <summary>A room that several nodes serve is one room to those in it.</summary>
public sealed class CascadeTests
{
    [Fact]
    public void Who_is_there_when_a_link_comes_up_and_who_comes_later_is_known_everywhere()
    {
        var cascade = new CascadeFixture(3);
        var first = cascade.Nodes[2].Activate("first");
        first.Take();
        cascade.Link(0, 1);
        cascade.Link(1, 2);
        cascade.Nodes[0].Activate("second");
        cascade.Nodes[1].Activate("third");
        cascade.Advance(TimeSpan.FromSeconds(4));

        for (var node = 0; node < 3; node++)
        {
            Assert.Equal(["first", "second", "third"], cascade.Everybody(node));
            Assert.Equal(3u, cascade.Nodes[node].Room.Info().NumParticipants);
        }

        Assert.Equal(
            ["second", "third"],
            first.Take(r => r.Update).SelectMany(u => u.Participants).Select(p => p.Identity).Where(identity => identity != "first").Distinct().Order());
        var late = cascade.Nodes[2].Activate("late");
        Assert.Equal(
            ["first", "second", "third"],
            late.Take(r => r.Join).Single().OtherParticipants.Select(p => p.Identity).Order());
    }

    [Fact]
    public void A_room_that_is_over_has_nobody_in_it_wherever_they_were()
    {
        var cascade = Linked(2);
        cascade.Nodes[0].Activate("near");
        cascade.Nodes[1].Activate("far");
        cascade.Advance(TimeSpan.FromSeconds(4));
        cascade.Nodes[0].Room.End(DisconnectReason.RoomDeleted, RoomEndReason.RoomEndApiDelete, cascade.Nodes[0].Now);

        Assert.Equal(0u, Assert.Single(cascade.Nodes[0].Events.OfType<RoomEvent.Finished>()).Room.NumParticipants);
        Assert.Empty(cascade.Nodes[1].Events.OfType<RoomEvent.Finished>());
    }

    [Fact]
    public void Who_leaves_is_gone_everywhere()
    {
        var cascade = Linked(3);
        var leaver = cascade.Nodes[0].Activate("leaver");
        var stayer = cascade.Nodes[2].Activate("stayer");
        cascade.Advance(TimeSpan.FromSeconds(4));
        stayer.Take();
        leaver.Ask(new SignalRequest { Leave = new LeaveRequest { Reason = DisconnectReason.ClientInitiated } });
        cascade.Advance(TimeSpan.FromSeconds(4));

        var told = Assert.Single(stayer.Take(r => r.Update).SelectMany(u => u.Participants), p => p.Identity == "leaver");
        Assert.Equal(ParticipantInfo.Types.State.Disconnected, told.State);
        Assert.Equal(DisconnectReason.ClientInitiated, told.DisconnectReason);
        Assert.Equal(["stayer"], cascade.Everybody(1));
    }

    [Fact]
    public void Tracks_are_subscribed_once_they_are_known_and_come_and_end_with_their_publisher()
    {
        var cascade = Linked(2);
        var publisher = cascade.Nodes[0].Activate("publisher");
        var subscriber = cascade.Nodes[1].Activate("subscriber");
        var track = publisher.Publish();
        cascade.Carry();
        Assert.Contains(subscriber.Take(r => r.Update).SelectMany(u => u.Participants), p => p.Tracks.Any(t => t.Sid == track.Sid));
        Assert.False(subscriber.Peer.IsSubscribed(new TrackSid(track.Sid)));

        cascade.Offer(0, track, publisher.Sid.Value);
        Assert.True(subscriber.Peer.IsSubscribed(new TrackSid(track.Sid)));
        Assert.Equal("q", cascade.Nodes[1].Media.Relays[0].Tracks[track.Sid].Track.Encodings[0].Layers[0].Rid);

        publisher.Ask(new SignalRequest { Mute = new MuteTrackRequest { Sid = track.Sid, Muted = true } });
        cascade.Carry();
        Assert.True(cascade.Nodes[1].Media.RelayedMuted[track.Sid]);
        Assert.Contains(subscriber.Take(r => r.Update).SelectMany(u => u.Participants), p => p.Tracks.Any(t => t.Muted));

        publisher.Ask(new SignalRequest { Leave = new LeaveRequest() });
        cascade.Carry();
        Assert.False(subscriber.Peer.IsSubscribed(new TrackSid(track.Sid)));
        Assert.Equal([track.Sid], cascade.Nodes[1].Media.Ended);
    }

    [Fact]
    public void A_publisher_is_told_of_its_first_subscriber_at_another_node()
    {
        var cascade = Linked(2);
        var publisher = cascade.Nodes[0].Activate("publisher");
        var track = publisher.Publish();
        publisher.Take();
        cascade.Nodes[0].Media.Relays[0].Events.OnWatched(new TrackSid(track.Sid), cascade.Nodes[0].Now);
        cascade.Nodes[0].Media.Relays[0].Events.OnWatched(new TrackSid(track.Sid), cascade.Nodes[0].Now);
        Assert.Equal([track.Sid], publisher.Take(r => r.TrackSubscribed).Select(t => t.TrackSid));
    }

    [Fact]
    public void What_media_says_of_a_link_is_carried_to_its_other_end()
    {
        var cascade = Linked(2);
        var publisher = cascade.Nodes[0].Activate("publisher");
        var track = publisher.Publish();
        cascade.Offer(0, track, publisher.Sid.Value);
        var (parent, child) = (cascade.Nodes[0].Media.Relays[0], cascade.Nodes[1].Media.Relays[0]);

        child.Events.OnDemand(new TrackSid(track.Sid), [new RelayDemand("vp8", VideoQualityLevel.Medium, 0b101, [3, 0, 2])], cascade.Nodes[1].Now);
        cascade.Carry();
        var demand = Assert.Single(parent.Demands[track.Sid]);
        Assert.Equal(("vp8", VideoQualityLevel.Medium, 0b101), (demand.Codec, demand.Highest, demand.Layers));
        Assert.Equal([3, 0, 2], demand.Watchers);

        var rates = BuildIt.Sfu.Media.Allocation.LayerRates.Simulcast(new DataRate(100), new DataRate(0), new DataRate(300));
        parent.Events.OnLayers(new TrackSid(track.Sid), "cid", 0b101, rates, cascade.Nodes[0].Now);
        cascade.Carry();
        var told = Assert.Single(child.Layers);
        Assert.Equal((track.Sid, "cid", 0b101), (told.Track, told.Cid, told.Available));
        Assert.Equal(300, told.Rates.Get(new LayerId(2, 0)).BitsPerSecond);
        Assert.Equal(0, told.Rates.Get(new LayerId(1, 0)).BitsPerSecond);
    }

    [Fact]
    public void Consent_of_a_publisher_holds_at_every_node()
    {
        var cascade = Linked(2);
        var publisher = cascade.Nodes[0].Activate("publisher");
        var friend = cascade.Nodes[1].Activate("friend");
        var stranger = cascade.Nodes[1].Activate("stranger");
        var track = publisher.Publish();
        cascade.Offer(0, track, publisher.Sid.Value);
        Assert.True(stranger.Peer.IsSubscribed(new TrackSid(track.Sid)));

        var permission = new SubscriptionPermission();
        permission.TrackPermissions.Add(new TrackPermission { ParticipantIdentity = "friend", AllTracks = true });
        publisher.Ask(new SignalRequest { SubscriptionPermission = permission });
        cascade.Carry();
        Assert.True(friend.Peer.IsSubscribed(new TrackSid(track.Sid)));
        Assert.False(stranger.Peer.IsSubscribed(new TrackSid(track.Sid)));
    }

    [Theory]
    [InlineData(DataChannelKind.Reliable)]
    [InlineData(DataChannelKind.Lossy)]
    public void Data_reaches_everybody_once_or_those_it_names(DataChannelKind channel)
    {
        var cascade = Linked(3);
        var sender = cascade.Nodes[1].Activate("sender");
        TestClient[] others = [cascade.Nodes[0].Activate("a"), cascade.Nodes[1].Activate("b"), cascade.Nodes[2].Activate("c")];
        cascade.Carry();
        sender.Data(new DataPacket { User = new UserPacket { Payload = ByteString.CopyFromUtf8("all") }, Sequence = 1 }, channel);
        cascade.Carry();
        foreach (var other in others)
        {
            var packet = Assert.Single(other.TakeData());
            Assert.Equal(("sender", sender.Sid.Value, "all"), (packet.ParticipantIdentity, packet.ParticipantSid, packet.User.Payload.ToStringUtf8()));
        }

        Assert.Empty(sender.TakeData());
        var named = new DataPacket { User = new UserPacket { Payload = ByteString.CopyFromUtf8("one") }, Sequence = 2 };
        named.DestinationIdentities.Add("c");
        sender.Data(named, channel);
        Assert.Equal(0, cascade.Nodes[1].Media.Relays.Single(relay => relay.Options.Sid.Value == "NODE_node-0").Waiting);
        cascade.Carry();
        Assert.Equal([0, 0, 1], others.Select(other => other.TakeData().Count));
    }

    [Fact]
    public void Data_of_the_server_reaches_everybody_once()
    {
        var cascade = Linked(3);
        TestClient[] all = [cascade.Nodes[0].Activate("a"), cascade.Nodes[1].Activate("b"), cascade.Nodes[2].Activate("c")];
        cascade.Carry();
        Assert.True(cascade.Nodes[2].Room.Moderation.SendData(new SendDataRequest { Data = ByteString.CopyFromUtf8("hello"), Kind = DataPacket.Types.Kind.Reliable }, cascade.Nodes[2].Now));
        cascade.Carry();
        Assert.All(all, client => Assert.Single(client.TakeData()));
    }

    [Fact]
    public void An_identity_that_joins_at_another_node_replaces_its_session()
    {
        var cascade = Linked(2);
        var old = cascade.Nodes[0].Activate("twice");
        var other = cascade.Nodes[1].Activate("other");
        cascade.Advance(TimeSpan.FromSeconds(4));
        old.Take();
        other.Take();
        var next = cascade.Nodes[1].Activate("twice");
        cascade.Advance(TimeSpan.FromSeconds(4));

        Assert.Equal(DisconnectReason.DuplicateIdentity, Assert.Single(old.Take(r => r.Leave)).Reason);
        Assert.Equal(["other", "twice"], cascade.Everybody(0));
        Assert.Equal(["other", "twice"], cascade.Everybody(1));
        Assert.Equal(next.Sid.Value, cascade.Nodes[0].Room.FindParticipant("twice")!.Sid);
        Assert.False(next.Closed);
    }

    [Fact]
    public void Of_two_sessions_of_one_identity_made_at_once_one_stays()
    {
        var cascade = new CascadeFixture(2);
        var one = cascade.Nodes[0].Activate("twice");
        var two = cascade.Nodes[1].Activate("twice");
        cascade.Link(0, 1);
        cascade.Advance(TimeSpan.FromSeconds(4));
        Assert.NotEqual(one.Closed, two.Closed);
        Assert.Equal(["twice"], cascade.Everybody(0));
        Assert.Equal(["twice"], cascade.Everybody(1));
        Assert.Equal(cascade.Nodes[0].Room.FindParticipant("twice")!.Sid, cascade.Nodes[1].Room.FindParticipant("twice")!.Sid);
    }

    [Fact]
    public void The_limit_of_participants_holds_over_all_nodes()
    {
        var cascade = new CascadeFixture(2, options => options with { MaxParticipants = 2 });
        cascade.Link(0, 1);
        cascade.Nodes[0].Activate("a");
        cascade.Nodes[1].Activate("b");
        cascade.Carry();
        Assert.Equal(Signaling.Join.JoinError.RoomFull, new TestClient(cascade.Nodes[0], "c").Join().Error);
        Assert.Equal(Signaling.Join.JoinError.RoomFull, new TestClient(cascade.Nodes[1], "c").Join().Error);
    }

    [Fact]
    public void Two_nodes_that_let_in_the_last_one_at_once_agree_on_who_goes()
    {
        var cascade = new CascadeFixture(2, options => options with { MaxParticipants = 2 });
        cascade.Link(0, 1);
        cascade.Nodes[0].Activate("a");
        cascade.Carry();
        cascade.Nodes[0].Activate("b");
        cascade.Nodes[1].Activate("c");
        cascade.Carry();
        Assert.Equal(2, cascade.Everybody(0).Count());
        Assert.Equal(cascade.Everybody(0), cascade.Everybody(1));
    }

    [Fact]
    public void Metadata_of_the_room_and_its_age_come_from_the_origin()
    {
        var cascade = Linked(3);
        var client = cascade.Nodes[2].Activate("client");
        Assert.True(cascade.Nodes[0].Room.Moderation.TrySetMetadata("agenda", cascade.Nodes[0].Now));
        cascade.Carry();
        Assert.Contains(client.Take(r => r.RoomUpdate), update => update.Room.Metadata == "agenda");
        Assert.Equal("agenda", cascade.Nodes[1].Room.Info().Metadata);
        Assert.Equal(cascade.Nodes[0].Room.Info().CreationTimeMs, cascade.Nodes[2].Room.Info().CreationTimeMs);
    }

    [Fact]
    public void Speakers_and_qualities_of_other_nodes_are_told_to_those_who_receive_them()
    {
        var cascade = Linked(2);
        var speaker = cascade.Nodes[0].Activate("speaker");
        var listener = cascade.Nodes[1].Activate("listener");
        var track = speaker.Publish("mic", TrackType.Audio, TrackSource.Microphone);
        cascade.Offer(0, track, speaker.Sid.Value);
        listener.Take();

        // Each node hears for itself who speaks.
        cascade.Nodes[1].Room.OnSpeakersChanged([new SpeakerLevel(speaker.Sid, 0.5f, true)], cascade.Nodes[1].Now);
        Assert.Equal(speaker.Sid.Value, Assert.Single(Assert.Single(listener.Take(r => r.SpeakersChanged)).Speakers).Sid);

        cascade.Nodes[0].Room.OnQualityChanged([new ParticipantQuality(speaker.Sid, BuildIt.Sfu.Media.Quality.LinkQuality.Poor, 1.5f)], cascade.Nodes[0].Now);
        cascade.Carry();
        Assert.Equal(ConnectionQuality.Poor, Assert.Single(Assert.Single(listener.Take(r => r.ConnectionQuality)).Updates).Quality);
    }

    [Fact]
    public void Who_is_only_simulated_to_speak_is_told_everywhere_for_as_long_as_asked()
    {
        var cascade = Linked(2);
        var speaker = cascade.Nodes[0].Activate("speaker");
        var listener = cascade.Nodes[1].Activate("listener");
        var track = speaker.Publish("camera", TrackType.Video, TrackSource.Camera);
        cascade.Offer(0, track, speaker.Sid.Value);
        listener.Take();

        speaker.Ask(new SignalRequest { Simulate = new SimulateScenario { SpeakerUpdate = 3 } });
        cascade.Carry();
        Assert.True(Assert.Single(Assert.Single(listener.Take(r => r.SpeakersChanged)).Speakers).Active);

        cascade.Advance(TimeSpan.FromSeconds(3));
        Assert.False(Assert.Single(Assert.Single(listener.Take(r => r.SpeakersChanged)).Speakers).Active);
    }

    [Fact]
    public void Each_webhook_is_sent_once_over_all_nodes()
    {
        var cascade = Linked(3);
        var publisher = cascade.Nodes[1].Activate("publisher");
        var track = publisher.Publish();
        cascade.Offer(1, track, publisher.Sid.Value);
        publisher.Ask(new SignalRequest { Leave = new LeaveRequest() });
        cascade.Carry();
        foreach (var node in cascade.Nodes)
        {
            node.Room.End(DisconnectReason.RoomDeleted, RoomEndReason.RoomEndApiDelete, node.Now);
        }

        Assert.Equal(
            ["participant_joined", "participant_left", "room_finished", "room_started", "track_published", "track_unpublished"],
            cascade.Nodes.SelectMany(node => node.EventNames).Order());
        Assert.Equal(1u, cascade.Nodes[1].Events.OfType<RoomEvent.ParticipantJoined>().Single().Room.NumParticipants);
    }

    [Fact]
    public void A_cut_is_forgiven_for_a_while_and_then_those_behind_it_are_gone()
    {
        var cascade = Linked(3, out var wires);
        cascade.Nodes[2].Activate("far");
        var near = cascade.Nodes[0].Activate("near");
        cascade.Advance(TimeSpan.FromSeconds(4));
        wires[1].Cut();
        cascade.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(["far", "near"], cascade.Everybody(0));

        cascade.Link(1, 2);
        cascade.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal(["far", "near"], cascade.Everybody(0));
        Assert.DoesNotContain(near.Take(r => r.Update).SelectMany(u => u.Participants), p => p.State == ParticipantInfo.Types.State.Disconnected);
    }

    [Fact]
    public void After_a_long_cut_both_sides_lose_each_other_and_find_each_other_again()
    {
        var cascade = Linked(3, out var wires);
        cascade.Nodes[2].Activate("far");
        var near = cascade.Nodes[0].Activate("near");
        cascade.Advance(TimeSpan.FromSeconds(4));
        wires[1].Cut();
        cascade.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(["near"], cascade.Everybody(0));
        Assert.Equal(["near"], cascade.Everybody(1));
        Assert.Equal(["far"], cascade.Everybody(2));
        cascade.Nodes[2].Activate("new");

        cascade.Link(1, 2);
        cascade.Advance(TimeSpan.FromSeconds(4));
        for (var node = 0; node < 3; node++)
        {
            Assert.Equal(["far", "near", "new"], cascade.Everybody(node));
        }

        Assert.Equal(
            ["far", "near", "new"],
            near.Take(r => r.Update).SelectMany(u => u.Participants).GroupBy(p => p.Identity).Where(g => g.Last().State != ParticipantInfo.Types.State.Disconnected).Select(g => g.Key).Order());
    }

    [Fact]
    public void Who_left_while_a_link_was_away_is_gone_when_it_is_back()
    {
        var cascade = Linked(2, out var wires);
        var leaver = cascade.Nodes[1].Activate("leaver");
        cascade.Nodes[1].Activate("stayer");
        cascade.Nodes[0].Activate("near");
        cascade.Carry();
        wires[0].Cut();
        leaver.Ask(new SignalRequest { Leave = new LeaveRequest() });
        cascade.Link(0, 1);
        Assert.Equal(["near", "stayer"], cascade.Everybody(0));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_member_that_comes_another_way_is_not_told_anew(bool retires)
    {
        // 2 hangs below 1, then below 0: as when the node between them is to go.
        var cascade = Linked(3, out var wires);
        var far = cascade.Nodes[2].Activate("far");
        var near = cascade.Nodes[0].Activate("near");
        var track = far.Publish();
        cascade.Offer(2, track, far.Sid.Value);
        cascade.Offer(1, track, far.Sid.Value);
        Assert.True(near.Peer.IsSubscribed(new TrackSid(track.Sid)));
        near.Take();

        var direct = cascade.Link(0, 2);
        cascade.Offer(2, track, far.Sid.Value);
        if (retires)
        {
            wires[1].Child.Link.Retire(cascade.Nodes[2].Now);
            cascade.Advance(TimeSpan.FromSeconds(2));
            Assert.True(direct.Parent.Peer.Feeds(new TrackSid(track.Sid)));
        }

        wires[1].Cut();
        cascade.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal(["far", "near"], cascade.Everybody(0));
        Assert.Equal(["far", "near"], cascade.Everybody(1));
        Assert.Equal(["far", "near"], cascade.Everybody(2));
        Assert.True(near.Peer.IsSubscribed(new TrackSid(track.Sid)));
        Assert.True(direct.Parent.Peer.Feeds(new TrackSid(track.Sid)));
        Assert.DoesNotContain(near.Take(r => r.Update).SelectMany(u => u.Participants), p => p.Identity == "far");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(6)]
    [InlineData(20)]
    public void Whose_way_breaks_is_heard_by_the_one_that_is_found_instead(double seconds)
    {
        // 1 and 2 hang below 0. The way between 0 and 2 breaks, 0 is heard by 1 all the time, and 2 hangs below 1.
        var cascade = new CascadeFixture(3);
        cascade.Link(0, 1);
        var broken = cascade.Link(0, 2);
        var far = cascade.Nodes[2].Activate("far");
        var near = cascade.Nodes[0].Activate("near");
        var beside = cascade.Nodes[1].Activate("beside");
        var track = far.Publish();
        cascade.Offer(2, track, far.Sid.Value);
        cascade.Offer(0, track, far.Sid.Value);
        cascade.Advance(TimeSpan.FromSeconds(2));

        broken.Cut();
        cascade.Advance(TimeSpan.FromSeconds(seconds));
        var other = cascade.Link(1, 2);
        cascade.Offer(2, track, far.Sid.Value);
        cascade.Advance(TimeSpan.FromSeconds(20));
        cascade.Offer(1, track, far.Sid.Value);
        cascade.Advance(TimeSpan.FromSeconds(2));

        for (var node = 0; node < 3; node++)
        {
            Assert.Equal(["beside", "far", "near"], cascade.Everybody(node));
        }

        Assert.True(other.Parent.Peer.Feeds(new TrackSid(track.Sid)));
        Assert.True(near.Peer.IsSubscribed(new TrackSid(track.Sid)));
        Assert.True(beside.Peer.IsSubscribed(new TrackSid(track.Sid)));
    }

    [Fact]
    public void Data_tracks_cross_where_they_are_received_and_nowhere_else()
    {
        var cascade = Linked(3);
        var publisher = cascade.Nodes[0].Activate("publisher");
        publisher.Ask(new SignalRequest { PublishDataTrackRequest = new PublishDataTrackRequest { PubHandle = 7, Name = "pose" } });
        var sid = publisher.Take(r => r.PublishDataTrackResponse).Single().Info.Sid;
        cascade.Carry();
        byte[] packet = [0, 0, 0, 7, 0, 1, 0, 1, 0, 0, 0, 0, 42];
        publisher.Peer.Events.OnData(DataChannelKind.DataTrack, packet, cascade.Nodes[0].Now);
        Assert.Equal(0, cascade.Nodes[0].Media.Relays[0].Waiting);

        var receiver = cascade.Nodes[2].Activate("receiver");
        var update = new UpdateDataSubscription();
        update.Updates.Add(new UpdateDataSubscription.Types.Update { TrackSid = sid, Subscribe = true });
        receiver.Ask(new SignalRequest { UpdateDataSubscription = update });
        cascade.Carry();
        var handle = Assert.Single(receiver.Take(r => r.DataTrackSubscriberHandles)[^1].SubHandles).Key;
        publisher.Peer.Events.OnData(DataChannelKind.DataTrack, packet, cascade.Nodes[0].Now);
        cascade.Carry();
        var (channel, message) = Assert.Single(receiver.Peer.Sent);
        Assert.Equal((DataChannelKind.DataTrack, (byte)handle, (byte)42), (channel, message[3], message[^1]));

        receiver.Ask(new SignalRequest { Leave = new LeaveRequest() });
        cascade.Carry();
        publisher.Peer.Events.OnData(DataChannelKind.DataTrack, packet, cascade.Nodes[0].Now);
        Assert.Equal(0, cascade.Nodes[0].Media.Relays[0].Waiting);
    }

    [Fact]
    public void A_revoked_token_is_refused_at_every_node()
    {
        var cascade = Linked(2);
        var client = cascade.Nodes[1].Activate("revoked");
        cascade.Carry();
        cascade.Nodes[0].Room.Moderation.Revoke("revoked", DateTimeOffset.MaxValue, cascade.Nodes[0].Now);
        cascade.Carry();
        Assert.Equal(DisconnectReason.ParticipantRemoved, Assert.Single(client.Take(r => r.Leave)).Reason);
    }

    private static CascadeFixture Linked(int nodes) => Linked(nodes, out _);

    private static CascadeFixture Linked(int nodes, out CascadeFixture.Wire[] wires)
    {
        var cascade = new CascadeFixture(nodes);
        wires = [.. Enumerable.Range(1, nodes - 1).Select(node => cascade.Link(node - 1, node))];
        return cascade;
    }
}
