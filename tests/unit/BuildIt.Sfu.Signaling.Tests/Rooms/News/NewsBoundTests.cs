using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Signaling.Join;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Limits;
using BuildIt.Sfu.Signaling.Sessions;
using Google.Protobuf;
using Reason = BuildIt.Sfu.Signaling.Protocol.RequestResponse.Types.Reason;

namespace BuildIt.Sfu.Signaling.Tests.Rooms.News;

/// <summary>What a participant says of itself is told to everybody who joins: it has a bound in bytes, alone and in sum.</summary>
public sealed class NewsBoundTests
{
    private const int Huge = 1_900_000;

    private readonly RoomFixture _fixture = new();

    public static TheoryData<string, PublishDataTrackRequest> LongDataTracks() => new()
    {
        { "schema", new PublishDataTrackRequest { Schema = new DataTrackSchemaId { Name = new string('s', Huge) } } },
        { "schema encoding", new PublishDataTrackRequest { Schema = new DataTrackSchemaId { Encoding = new DataTrackSchemaEncoding { Custom = new string('s', Huge) } } } },
        { "frame encoding", new PublishDataTrackRequest { FrameEncoding = new DataTrackFrameEncoding { Custom = new string('s', Huge) } } },
    };

    [Theory]
    [MemberData(nameof(LongDataTracks))]
    public void A_data_track_with_a_long_name_in_it_is_refused(string name, PublishDataTrackRequest request)
    {
        var alice = _fixture.Activate("alice");
        (request.PubHandle, request.Name) = (1, "d");
        alice.Ask(new SignalRequest { PublishDataTrackRequest = request });
        Assert.Equal((name, Reason.InvalidName), (name, alice.Take(r => r.RequestResponse).Single().Reason));
        Assert.True(Told() < 1000);
    }

    public static TheoryData<string, Action<AddTrackRequest>> LongTracks() => new()
    {
        { "rid", r => r.Layers.Add(new VideoLayer { Rid = new string('r', Huge) }) },
        { "rid of a codec", r => r.SimulcastCodecs.Add(new SimulcastCodec { Codec = "vp8", Layers = { new VideoLayer { Rid = new string('r', Huge) } } }) },
        { "audio features", r => r.AudioFeatures.AddRange(Enumerable.Range(0, 100_000).Select(i => (AudioTrackFeature)i)) },
        { "trailer features", r => r.PacketTrailerFeatures.AddRange(Enumerable.Range(0, 100_000).Select(i => (PacketTrailerFeature)i)) },
    };

    [Theory]
    [MemberData(nameof(LongTracks))]
    public void A_track_that_says_much_is_refused(string name, Action<AddTrackRequest> change)
    {
        var alice = _fixture.Activate("alice");
        var request = new AddTrackRequest { Cid = "c", Type = TrackType.Video };
        change(request);
        alice.Ask(new SignalRequest { AddTrack = request });
        Assert.Equal((name, Reason.InvalidRequest), (name, alice.Take(r => r.RequestResponse).Single().Reason));
    }

    [Fact]
    public void Features_of_an_audio_track_are_those_there_are()
    {
        var alice = _fixture.Activate("alice");
        var track = alice.Publish(type: TrackType.Audio, source: TrackSource.Microphone);
        alice.Ask(new SignalRequest
        {
            UpdateAudioTrack = new UpdateLocalAudioTrack { TrackSid = track.Sid, Features = { (AudioTrackFeature)5000, AudioTrackFeature.TfStereo, AudioTrackFeature.TfStereo } },
        });
        var bob = _fixture.Connect("bob");
        Assert.Equal([AudioTrackFeature.TfStereo], bob.Take(r => r.Join).Single().OtherParticipants.Single().Tracks.Single().AudioFeatures);
    }

    [Fact]
    public void Fields_that_are_not_known_here_are_told_to_nobody()
    {
        // Field 99 of a layer, as a newer client might have, with 1.9 MB in it.
        using var bytes = new MemoryStream();
        using (var output = new CodedOutputStream(bytes, leaveOpen: true))
        {
            output.WriteTag(99, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(ByteString.CopyFrom(new byte[Huge]));
        }

        var request = new SignalRequest { AddTrack = new AddTrackRequest { Cid = "c", Layers = { VideoLayer.Parser.ParseFrom(bytes.ToArray()) } } };
        Assert.True(SignalConnection.TryRead(request.ToByteArray(), json: false, out var read));
        Assert.True(read.CalculateSize() < 100);
    }

    [Fact]
    public void Capabilities_of_a_client_are_those_there_are()
    {
        _fixture.Activate("alice", join: p => p with
        {
            Client = new ClientInfo { Protocol = 17, Capabilities = { Enumerable.Range(0, 100_000).Select(i => (ClientInfo.Types.Capability)i) } },
        });
        Assert.True(Told() < 1000);
    }

    [Fact]
    public void All_tracks_of_a_participant_have_a_bound_together()
    {
        var alice = _fixture.Activate("alice");
        var name = new string('\u20AC', JoinLimits.MaxName);
        var refused = 0;
        for (var i = 0; i < 100; i++)
        {
            alice.Ask(new SignalRequest { AddTrack = new AddTrackRequest { Cid = $"{i}" + name[..200], Name = name, Stream = name, Type = TrackType.Audio } });
            if (alice.Take(r => r.TrackPublished).SingleOrDefault() is { } published)
            {
                alice.Peer.Events.OnTrackNegotiated(new TrackSid(published.Track.Sid), published.Cid, "1", "audio/opus", _fixture.Now);
            }
            else
            {
                refused++;
            }
        }

        for (var i = 1u; i <= 100; i++)
        {
            alice.Ask(new SignalRequest { PublishDataTrackRequest = new PublishDataTrackRequest { PubHandle = i, Name = i + name[..200], Schema = new DataTrackSchemaId { Name = name } } });
        }

        // What is told of negotiation, such as the section, comes on top.
        Assert.InRange(Told(), ClientLimits.Default.AnnouncedBytes / 2, ClientLimits.Default.AnnouncedBytes * 3 / 2);
        Assert.True(refused > 0);
        Assert.True(_fixture.Services.LimitCounters[ClientLimit.Tracks] > 0);
    }

    [Fact]
    public void A_room_can_be_joined_however_much_those_who_are_there_say()
    {
        var fixture = new RoomFixture(limits: new ClientLimits { RoomNewsBytes = 2_000_000 });
        var metadata = new string('m', JoinLimits.MaxMetadata);
        for (var i = 0; i < 10; i++)
        {
            var client = new TestClient(fixture, $"p{i}");
            client.Join(c => c with { Metadata = metadata });
        }

        // Whoever says little is let in, and may go on to say as much as its share.
        var bob = fixture.Activate("bob");
        Assert.InRange(bob.Take(r => r.Join).Single().CalculateSize(), 1_000_000, 2_100_000);
        bob.Ask(new SignalRequest { UpdateMetadata = new UpdateParticipantMetadata { Metadata = new string('m', 10_000) } });
        Assert.Equal(Reason.Ok, bob.Take(r => r.RequestResponse).Single().Reason);
        bob.Ask(new SignalRequest { UpdateMetadata = new UpdateParticipantMetadata { Metadata = metadata } });
        Assert.Equal(Reason.LimitExceeded, bob.Take(r => r.RequestResponse).Single().Reason);
    }

    [Fact]
    public void Whoever_is_too_much_for_a_room_is_told_so()
    {
        var fixture = new RoomFixture(limits: new ClientLimits { RoomNewsBytes = 600_000 });
        fixture.Activate("alice", c => c with { Metadata = new string('m', JoinLimits.MaxMetadata) });
        var result = new TestClient(fixture, "bob").Join(c => c with { Metadata = new string('m', JoinLimits.MaxMetadata) });
        Assert.Equal(JoinError.RoomSaysTooMuch, result.Error);
    }

    [Fact]
    public void Departures_are_repeated_without_what_the_departed_said()
    {
        var alice = _fixture.Activate("alice");
        for (var i = 0; i < 20; i++)
        {
            var guest = _fixture.Activate($"guest-{i}", c => c with { Metadata = new string('m', 400_000) });
            guest.Ask(new SignalRequest { Leave = new LeaveRequest() });
        }

        alice.LoseSignal();
        var updates = alice.Resume().Take(r => r.Update);
        Assert.Equal(20, updates.SelectMany(u => u.Participants).Count(p => p.State == ParticipantInfo.Types.State.Disconnected));
        Assert.True(updates.Sum(u => u.CalculateSize()) < 10_000);
    }

    [Fact]
    public void Departures_have_a_bound_together()
    {
        var alice = _fixture.Activate("alice");
        var name = new string('\u20AC', JoinLimits.MaxName);
        for (var i = 0; i < 900; i++)
        {
            _fixture.Activate(i + name[..250], c => c with { Name = name }).Ask(new SignalRequest { Leave = new LeaveRequest() });
        }

        alice.LoseSignal();
        Assert.InRange(alice.Resume().Take(r => r.Update).Sum(u => u.CalculateSize()), 100_000, 300_000);
    }

    /// <summary>Bytes that a newcomer is told.</summary>
    private int Told()
    {
        var newcomer = _fixture.Connect("newcomer");
        return newcomer.Take(r => r.Join).Single().OtherParticipants.Sum(p => p.CalculateSize());
    }
}
