using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Base;
using BuildIt.Sfu.Signaling.Rooms.Limits;
using Reason = BuildIt.Sfu.Signaling.Protocol.RequestResponse.Types.Reason;

namespace BuildIt.Sfu.Signaling.Tests.Rooms.Tracks;

public class TrackTests
{
    [Fact]
    public void Announced_track_is_confirmed_and_shown_once_negotiated()
    {
        var fixture = new RoomFixture();
        var bob = fixture.Activate("bob");
        var alice = fixture.Activate("alice");
        fixture.Advance(TimeSpan.FromSeconds(10));
        bob.Take();

        var info = alice.Announce("cam");
        Assert.StartsWith("TR_", info.Sid, StringComparison.Ordinal);
        Assert.Empty(bob.Take(r => r.Update));
        Assert.Empty(bob.Peer.Subscribed);

        alice.Peer.Events.OnTrackNegotiated(new TrackSid(info.Sid), "cam", "3", "video/VP8", fixture.Now);
        var shown = bob.Take(r => r.Update).Single().Participants.Single();
        Assert.True(shown.IsPublisher);
        Assert.Equal((info.Sid, "3", "video/VP8"), (shown.Tracks[0].Sid, shown.Tracks[0].Mid, shown.Tracks[0].MimeType));
        Assert.Contains(info.Sid, bob.Peer.Subscribed.Keys);
        Assert.DoesNotContain(info.Sid, alice.Peer.Subscribed.Keys);
        Assert.Contains("track_published", fixture.EventNames);
    }

    [Fact]
    public void Late_joiner_is_subscribed_to_what_is_published()
    {
        var fixture = new RoomFixture();
        var track = fixture.Activate("alice").Publish();
        var bob = fixture.Connect("bob");
        Assert.Equal(track.Sid, bob.Received[0].Join.OtherParticipants.Single().Tracks.Single().Sid);
        Assert.Contains(track.Sid, bob.Peer.Subscribed.Keys);
    }

    [Fact]
    public void Simulcast_layers_get_rids_in_order()
    {
        var alice = new RoomFixture().Activate("alice");
        var request = new AddTrackRequest { Cid = "c", Type = TrackType.Video, Source = TrackSource.Camera, SimulcastCodecs = { new SimulcastCodec { Codec = "vp8", Cid = "c" } } };
        request.Layers.Add(new VideoLayer { Quality = VideoQuality.High, Width = 1280, Height = 720 });
        request.Layers.Add(new VideoLayer { Quality = VideoQuality.Low, Width = 320, Height = 180 });
        request.Layers.Add(new VideoLayer { Quality = VideoQuality.Medium, Width = 640, Height = 360 });
        alice.Ask(new SignalRequest { AddTrack = request });

        var info = alice.Received.Last().TrackPublished.Track;
        Assert.True(info.Simulcast);
        Assert.Equal("video/VP8", info.Codecs.Single().MimeType);
        Assert.Equal(["q", "h", "f"], info.Layers.Select(l => l.Rid));
        var media = alice.Peer.Published[info.Sid].Encodings.Single();
        Assert.Equal(("c", "vp8"), (media.Cid, media.Codec));
        Assert.Equal([320, 640, 1280], media.Layers.Select(l => l.Width));
    }

    [Fact]
    public void Codec_that_is_not_enabled_is_substituted()
    {
        var alice = new RoomFixture(new RoomOptions { Name = "room", EnabledCodecs = ["video/VP8", "audio/opus"] }).Activate("alice");
        alice.Ask(new SignalRequest
        {
            AddTrack = new AddTrackRequest
            {
                Cid = "c",
                Type = TrackType.Video,
                Source = TrackSource.Camera,
                SimulcastCodecs = { new SimulcastCodec { Codec = "av1", Cid = "c" }, new SimulcastCodec { Codec = "h264" } },
            },
        });
        Assert.Equal("video/VP8", alice.Received.Last().TrackPublished.Track.Codecs.Single().MimeType);
    }

    [Fact]
    public void Backup_codec_joins_the_track_it_names()
    {
        var fixture = new RoomFixture();
        var alice = fixture.Activate("alice");
        alice.Ask(new SignalRequest
        {
            AddTrack = new AddTrackRequest
            {
                Cid = "c",
                Type = TrackType.Video,
                Source = TrackSource.Camera,
                SimulcastCodecs = { new SimulcastCodec { Codec = "vp9", Cid = "c" }, new SimulcastCodec { Codec = "vp8" } },
            },
        });
        var first = alice.Received.Last().TrackPublished.Track;
        Assert.Equal(["c"], alice.Peer.Published[first.Sid].Encodings.Select(e => e.Cid));
        Assert.Equal(["vp8"], alice.Peer.Published[first.Sid].BackupCodecs);

        alice.Ask(new SignalRequest
        {
            AddTrack = new AddTrackRequest
            {
                Cid = "c2",
                Sid = first.Sid,
                Type = TrackType.Video,
                Source = TrackSource.Camera,
                SimulcastCodecs = { new SimulcastCodec { Codec = "vp8", Cid = "c2" } },
            },
        });
        var confirmed = alice.Received.Last().TrackPublished;
        Assert.Equal(("c2", first.Sid), (confirmed.Cid, confirmed.Track.Sid));
        Assert.Equal([("c", "vp9"), ("c2", "vp8")], alice.Peer.Published[first.Sid].Encodings.Select(e => (e.Cid, e.Codec)));
        Assert.Empty(alice.Peer.Published[first.Sid].BackupCodecs);
    }

    [Fact]
    public void Encrypted_rooms_refuse_clear_tracks_in_words()
    {
        var alice = new RoomFixture(new RoomOptions { Name = "room", E2eeRequired = true }).Activate("alice");
        Assert.Equal(["video/VP8", "video/VP9", "audio/opus"], alice.Received[0].Join.EnabledPublishCodecs.Select(c => c.Mime));
        alice.Take();

        alice.Ask(new SignalRequest { AddTrack = new AddTrackRequest { Cid = "c", Type = TrackType.Audio, Source = TrackSource.Microphone } });
        var refused = alice.Take(r => r.RequestResponse).Single();
        Assert.Equal((Reason.NotAllowed, "c"), (refused.Reason, refused.AddTrack.Cid));
        Assert.Contains("end-to-end encryption", refused.Message, StringComparison.Ordinal);
        Assert.Empty(alice.Peer.Published);

        alice.Ask(new SignalRequest { PublishDataTrackRequest = new PublishDataTrackRequest { PubHandle = 1, Name = "d" } });
        Assert.Equal(Reason.NotAllowed, alice.Take(r => r.RequestResponse).Single().Reason);

        alice.Ask(new SignalRequest { AddTrack = new AddTrackRequest { Cid = "c", Type = TrackType.Audio, Source = TrackSource.Microphone, Encryption = Encryption.Types.Type.Custom } });
        var info = alice.Take(r => r.TrackPublished).Single().Track;
        Assert.Equal(Encryption.Types.Type.Custom, info.Encryption);
        Assert.True(alice.Peer.Published[info.Sid].Encrypted);
    }

    [Theory]
    [InlineData(TrackSource.Camera, false)]
    [InlineData(TrackSource.Microphone, true)]
    public void Sources_are_limited_by_the_token(TrackSource source, bool allowed)
    {
        var alice = new RoomFixture().Activate("alice", c => c with { Video = c.Video with { CanPublishSources = ["microphone"] } });
        alice.Take();
        alice.Ask(new SignalRequest { AddTrack = new AddTrackRequest { Cid = "c", Type = TrackType.Audio, Source = source } });
        Assert.Equal(allowed, alice.Take().Single().TrackPublished is not null);
    }

    [Fact]
    public void Pending_tracks_are_limited()
    {
        var alice = new RoomFixture(limits: new ClientLimits { PendingTracks = 3 }).Activate("alice");
        for (var i = 0; i < 3; i++)
        {
            alice.Announce($"c{i}");
        }

        alice.Take();
        alice.Ask(new SignalRequest { AddTrack = new AddTrackRequest { Cid = "c3", Type = TrackType.Video, Source = TrackSource.Camera } });
        Assert.Equal(Reason.LimitExceeded, alice.Take(r => r.RequestResponse).Single().Reason);
        alice.Ask(new SignalRequest { AddTrack = new AddTrackRequest { Cid = "c0", Type = TrackType.Video, Source = TrackSource.Camera } });
        Assert.Equal("c0", alice.Take(r => r.TrackPublished).Single().Cid);
    }

    [Fact]
    public void Same_cid_waits_until_the_older_track_ends()
    {
        var fixture = new RoomFixture();
        var bob = fixture.Activate("bob");
        var alice = fixture.Activate("alice");
        var first = alice.Publish("c");
        alice.Take();
        for (var i = 0; i < 3; i++)
        {
            alice.Ask(new SignalRequest { AddTrack = new AddTrackRequest { Cid = "c", Type = TrackType.Video, Source = TrackSource.Camera } });
            Assert.Equal(Reason.Queued, alice.Take(r => r.RequestResponse).Single().Reason);
        }

        alice.Ask(new SignalRequest { AddTrack = new AddTrackRequest { Cid = "c", Type = TrackType.Video, Source = TrackSource.Camera } });
        Assert.Equal(Reason.LimitExceeded, alice.Take(r => r.RequestResponse).Single().Reason);

        bob.Take();
        alice.Peer.Events.OnTrackEnded(new TrackSid(first.Sid), fixture.Now);
        Assert.NotEqual(first.Sid, alice.Take(r => r.TrackPublished).Single().Track.Sid);
        Assert.Empty(bob.Take(r => r.Update).Single().Participants.Single().Tracks);
        Assert.Contains("track_unpublished", fixture.EventNames);
    }

    [Fact]
    public void Mute_reaches_media_and_others()
    {
        var fixture = new RoomFixture();
        var bob = fixture.Activate("bob");
        var alice = fixture.Activate("alice");
        var track = alice.Publish();
        bob.Take();
        alice.Ask(new SignalRequest { Mute = new MuteTrackRequest { Sid = track.Sid, Muted = true } });
        Assert.True(alice.Peer.Muted[track.Sid]);
        Assert.True(bob.Take(r => r.Update).Single().Participants.Single().Tracks.Single().Muted);
        alice.Ask(new SignalRequest { Mute = new MuteTrackRequest { Sid = "TR_none", Muted = true } });
        Assert.Equal(Reason.NotFound, alice.Take(r => r.RequestResponse).Single().Reason);
    }

    [Fact]
    public void Versions_of_participants_and_tracks_grow()
    {
        var fixture = new RoomFixture();
        var bob = fixture.Activate("bob");
        var alice = fixture.Activate("alice");
        var track = alice.Publish();
        bob.Take();
        var versions = new List<(uint, long, int)>();
        for (var i = 0; i < 4; i++)
        {
            alice.Ask(new SignalRequest { Mute = new MuteTrackRequest { Sid = track.Sid, Muted = i % 2 == 0 } });
            var shown = bob.Take(r => r.Update).Single().Participants.Single();
            versions.Add((shown.Version, shown.Tracks[0].Version.UnixMicro, shown.Tracks[0].Version.Ticks));
        }

        Assert.Equal(versions.Distinct().Order(), versions);
    }

    [Fact]
    public void Wanted_layers_reach_the_publisher_and_are_repeated_on_resume()
    {
        var fixture = new RoomFixture();
        var alice = fixture.Activate("alice");
        var track = alice.Publish();
        alice.Take();
        alice.Peer.Events.OnWantedQualities(new TrackSid(track.Sid), [new WantedCodec("vp8", VideoQualityLevel.Medium), new WantedCodec("vp9", VideoQualityLevel.Off)], fixture.Now);
        var update = alice.Take(r => r.SubscribedQualityUpdate).Single();
        Assert.Equal([true, true, false], update.SubscribedCodecs[0].Qualities.Select(q => q.Enabled));
        Assert.Equal([false, false, false], update.SubscribedCodecs[1].Qualities.Select(q => q.Enabled));
        Assert.Equal([true, true, false], update.SubscribedQualities.Select(q => q.Enabled));
        Assert.Equal(update, alice.Resume().Take(r => r.SubscribedQualityUpdate).Single());
    }

    [Fact]
    public void First_subscriber_is_reported_once()
    {
        var fixture = new RoomFixture();
        var alice = fixture.Activate("alice");
        var bob = fixture.Activate("bob");
        var carol = fixture.Activate("carol");
        var track = alice.Publish();
        alice.Take();
        bob.Peer.Events.OnSubscribed(new TrackSid(track.Sid), fixture.Now);
        carol.Peer.Events.OnSubscribed(new TrackSid(track.Sid), fixture.Now);
        Assert.Equal(track.Sid, alice.Take(r => r.TrackSubscribed).Single().TrackSid);
    }
}
