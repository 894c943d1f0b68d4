using System.Globalization;
using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Media.Sdp;
using BuildIt.Sfu.Media.Units;
using BuildIt.Sfu.Node.Configuration;
using BuildIt.Sfu.Node.Hosting;
using BuildIt.Sfu.Node.Operations;
using BuildIt.Sfu.Signaling.Join;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms;
using BuildIt.Sfu.Signaling.Tokens;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;

namespace BuildIt.Sfu.Bench;

/// <summary>
/// What the dearest form of each signal message that is accepted takes of a media loop, in a room of a hundred with real media peers:
/// the longest that the loop is kept from other things, and all slices together. Processor time, the least of three.
/// </summary>
internal sealed class SignalCosts(TextWriter output) : IDisposable
{
    private const int Participants = 100;
    private const int Rounds = 3;

    private readonly MediaServer _media = new(
        new NodeSettings { BindAddress = "127.0.0.1", MediaUdpPort = 0, MediaTcpPort = -1, Loops = 1 },
        new ConnectionLimits(new DescriptorBudget(1000, 100)),
        TimeProvider.System,
        NullLogger<MediaServer>.Instance);

    private readonly List<Client> _clients = [];
    private RoomHost _room = null!;

    public async Task<int> RunAsync(string offer)
    {
        var keys = ApiKeys.Single("devkey", "secret");
        var services = new NodeServices
        {
            Server = new ServerInfo(),
            Tokens = new TokenSigner(keys),
            Clock = new WallClock(DateTimeOffset.UtcNow),
            Sids = new RandomSids(),
        };
        _media.Start();
        _room = await new RoomDirectory(services, _media.Rooms, new Quiet()).GetOrOpenAsync(new RoomOptions { Name = "room" });
        for (var i = 0; i < Participants; i++)
        {
            _clients.Add(await JoinAsync(i));
        }

        // Everybody publishes: media knows the tracks, and everybody is subscribed to them.
        foreach (var client in _clients)
        {
            await HandleAsync(client, new SignalRequest { AddTrack = Track("a0") });
            await _room.InvokeAsync((room, now) => room.Publishing.Negotiated(room.Participants.First(p => p.Sid == client.Sid), new TrackSid(client.Tracks[^1]), "a0", "1", "audio/opus", now));
        }

        await output.WriteLineAsync("| Message | Dearest accepted form | Longest on the loop (ms) | All of it on the loop (ms) | Beside the loop (ms) |");
        await output.WriteLineAsync("|---|---|---|---|---|");
        foreach (var (name, form, make) in Forms(offer))
        {
            await MeasureAsync(name, form, make);
        }

        return 0;
    }

    public void Dispose() => _media.Dispose();

    private IEnumerable<(string Name, string Form, Func<Client, SignalRequest> Make)> Forms(string offer)
    {
        var others = () => _clients.SelectMany(c => c.Tracks);
        var made = Enumerable.Range(0, 10_000).Select(i => $"TR_{i:00000000}").ToArray();
        yield return ("offer", "1 MB, sections of a browser's offer repeated", _ => new SignalRequest { Offer = new SessionDescription { Type = "offer", Sdp = Repeat(offer) } });
        yield return ("answer", "1 MB (does not fit: the session ends)", _ => new SignalRequest { Answer = new SessionDescription { Type = "answer", Sdp = Repeat(offer) } });
        yield return ("trickle", "4 KB", _ => new SignalRequest { Trickle = new TrickleRequest { CandidateInit = $$"""{"candidate":"candidate:1 1 udp 1 192.0.2.1 9 typ host","x":"{{new string('x', 3900)}}"}""" } });
        yield return ("add_track", "8 codecs of 8 layers", c => new SignalRequest { AddTrack = Dear() });
        yield return ("mute", "a published track, told to all", c => new SignalRequest { Mute = new MuteTrackRequest { Sid = c.Tracks[0], Muted = !c.Muted() } });
        yield return ("subscription", "10,000 names", _ => new SignalRequest { Subscription = new UpdateSubscription { Subscribe = true, TrackSids = { others().Concat(made).Take(10_000) } } });
        yield return ("track_setting", "10,000 names", _ => new SignalRequest { TrackSetting = new UpdateTrackSettings { TrackSids = { others().Concat(made).Take(10_000) } } });
        yield return ("subscription_permission", "nobody may, 10,000 entries", _ => new SignalRequest { SubscriptionPermission = new SubscriptionPermission { TrackPermissions = { made.Select(m => new TrackPermission { ParticipantIdentity = m, AllTracks = true }) } } });
        yield return ("subscription_permission", "everybody may again", _ => new SignalRequest { SubscriptionPermission = new SubscriptionPermission { AllParticipants = true } });
        yield return ("sync_state", "10,000 of each", c => new SignalRequest
        {
            SyncState = new SyncState
            {
                Subscription = new UpdateSubscription { Subscribe = true, TrackSids = { others().Concat(made).Take(10_000) } },
                TrackSidsDisabled = { others().Concat(made).Take(10_000) },
                DatachannelReceiveStates = { _clients.Select(o => o.Sid.Value).Concat(made).Take(10_000).Select(s => new DataChannelReceiveState { PublisherSid = s }) },
                DataSubscription = new UpdateDataSubscription { Updates = { made.Select(m => new UpdateDataSubscription.Types.Update { TrackSid = m, Subscribe = true }) } },
                PublishTracks = { Enumerable.Repeat(new TrackPublishedResponse { Track = new TrackInfo { Sid = c.Tracks[0] } }, 200) },
            },
        });
        yield return ("sync_state", "10,000 times one's own sid (once 4.7 s for 60,000)", c => new SignalRequest
        {
            SyncState = new SyncState { DatachannelReceiveStates = { Enumerable.Repeat(new DataChannelReceiveState { PublisherSid = c.Sid.Value }, 10_000) } },
        });
        yield return ("update_metadata", "512 KB, told to all", _ => new SignalRequest { UpdateMetadata = new UpdateParticipantMetadata { Metadata = new string('m', 500_000) } });
        yield return ("update_audio_track", "32 features, told to all", c => new SignalRequest { UpdateAudioTrack = new UpdateLocalAudioTrack { TrackSid = c.Tracks[0], Features = { Enumerable.Repeat(AudioTrackFeature.TfStereo, 32) } } });
        yield return ("update_video_track", "told to all", c => new SignalRequest { UpdateVideoTrack = new UpdateLocalVideoTrack { TrackSid = c.Tracks[0], Width = 1, Height = 1 } });
        yield return ("publish_data_track", "names of 256 characters, told to all with handles", c => new SignalRequest { PublishDataTrackRequest = new PublishDataTrackRequest { PubHandle = ++c.Handle, Name = $"{c.Handle}{new string('n', 250)}", Schema = new DataTrackSchemaId { Name = new string('s', 256) } } });
        yield return ("update_data_subscription", "10,000 names", _ => new SignalRequest { UpdateDataSubscription = new UpdateDataSubscription { Updates = { made.Select(m => new UpdateDataSubscription.Types.Update { TrackSid = m, Subscribe = true }) } } });
        yield return ("unpublish_data_track", "told to all with handles", c => new SignalRequest { UnpublishDataTrackRequest = new UnpublishDataTrackRequest { PubHandle = c.Handle-- } });
        yield return ("simulate", "speaker update, told to all", _ => new SignalRequest { Simulate = new SimulateScenario { SpeakerUpdate = 1 } });
        yield return ("store_data_blob", "refused", _ => new SignalRequest { StoreDataBlobRequest = new StoreDataBlobRequest { Blob = new DataBlob { Contents = ByteString.CopyFrom(new byte[1_900_000]) } } });
        yield return ("ping, ping_req, update_layers, get_data_blob", "answered or ignored", _ => new SignalRequest { GetDataBlobRequest = new GetDataBlobRequest() });
        yield return ("leave", "told to all", _ => new SignalRequest { Leave = new LeaveRequest() });
    }

    private async Task MeasureAsync(string name, string form, Func<Client, SignalRequest> make)
    {
        var (longest, all, beside) = (double.MaxValue, 0.0, 0.0);
        for (var round = 0; round < Rounds; round++)
        {
            var client = _clients[^1];
            if (client.Gone)
            {
                _clients.Remove(client);
                client = _clients[^1];
            }

            var bytes = make(client).ToByteArray();
            var start = ThreadCpu.Nanoseconds();
            var request = SignalRequest.Parser.ParseFrom(bytes);
            var description = (request.Offer ?? request.Answer) is { } text ? RemoteDescription.Parse(text.Sdp) : null;
            var slices = RequestSlices.Of(request).ToList();
            var spentBeside = ThreadCpu.Nanoseconds() - start;
            var times = new List<double>();
            foreach (var slice in slices)
            {
                times.Add(await HandleAsync(client, slice, description));
            }

            if (times.Max() < longest)
            {
                (longest, all, beside) = (times.Max(), times.Sum(), spentBeside / 1e6);
            }

            // What was put off for the room's own turns.
            await Task.Delay(200);
        }

        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"| `{name}` | {form} | {longest:0.00} | {all:0.0} | {beside:0.0} |"));
    }

    /// <summary>Milliseconds of the loop.</summary>
    private Task<double> HandleAsync(Client client, SignalRequest request, RemoteDescription? description = null) => _room.InvokeAsync((room, now) =>
    {
        var start = ThreadCpu.Nanoseconds();
        room.Handle(client.Sid, client, request, now, description);
        return (ThreadCpu.Nanoseconds() - start) / 1e6;
    });

    private async Task<Client> JoinAsync(int number)
    {
        var client = new Client();
        var claims = new AccessClaims { Issuer = "devkey", Identity = $"p{number}", Video = new VideoGrant { RoomJoin = true, Room = "room", CanUpdateOwnMetadata = true } };
        var attempt = new JoinAttempt("room", claims, new JoinParameters { SinglePeerConnection = true, Client = new ClientInfo { Protocol = 17 } });
        client.Sid = (await _room.InvokeAsync((room, now) => room.Join(attempt, client, now))).Sid;

        // Who does not connect is sent away after a minute.
        await _room.InvokeAsync((room, now) => room.MediaReady(room.Participants.First(p => p.Sid == client.Sid), now));
        return client;
    }

    private static AddTrackRequest Track(string cid) => new() { Cid = cid, Type = TrackType.Audio, Source = TrackSource.Microphone, Name = "n" };

    private static AddTrackRequest Dear()
    {
        var layers = Enumerable.Range(0, 8).Select(i => new VideoLayer { Rid = new string('r', 32), Width = 1000, Height = 1000 }).ToArray();
        var request = new AddTrackRequest { Cid = Guid.NewGuid().ToString(), Type = TrackType.Video, Name = new string('n', 256), Stream = new string('s', 256), Layers = { layers } };
        request.SimulcastCodecs.AddRange(Enumerable.Range(0, 8).Select(i => new SimulcastCodec { Codec = ((string[])["vp8", "vp9", "av1", "h264"])[i % 4], Cid = $"c{i}", Layers = { layers } }));
        return request;
    }

    /// <summary>A browser's offer with its video section again and again, each with a mid of its own.</summary>
    private static string Repeat(string offer)
    {
        var lines = offer.ReplaceLineEndings("\r\n");
        var last = lines.LastIndexOf("\r\nm=video", StringComparison.Ordinal) + 2;
        var section = lines[last..];
        var text = new System.Text.StringBuilder(lines[..last]);
        for (var i = 0; i < 500 && text.Length + section.Length < 1024 * 1024; i++)
        {
            text.Append(System.Text.RegularExpressions.Regex.Replace(section, "a=mid:[^\r]*", $"a=mid:x{i}"));
        }

        return text.ToString();
    }

    private sealed class Quiet : IRoomObserver
    {
        public void OnEvent(WebhookEvent happened)
        {
        }

        public void OnEnded(RoomCore room, RoomEndReason reason)
        {
        }
    }

    private sealed class Client : ISignalSink
    {
        private bool _muted;

        public ParticipantSid Sid { get; set; }

        public List<string> Tracks { get; } = [];

        public uint Handle { get; set; }

        public bool Gone { get; private set; }

        public bool Muted() => _muted = !_muted;

        public void Send(OutboundSignal message)
        {
            if (message.Message.TrackPublished is { } published)
            {
                Tracks.Add(published.Track.Sid);
            }
        }

        public void Close() => Gone = true;

        public void Abort() => Gone = true;
    }
}
