using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Sdp;
using BuildIt.Sfu.Signaling.Join;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms;
using BuildIt.Sfu.Signaling.Rooms.Base;
using BuildIt.Sfu.Signaling.Tokens;

namespace BuildIt.Sfu.Bench.Signals;

/// <summary>A member of the measured room, with a real media peer and no network.</summary>
internal sealed class BenchClient(RoomHost room, string identity) : ISignalSink
{
    private bool _muted;
    private string _offer = "";

    public string Identity => identity;

    public ParticipantSid Sid { get; private set; }

    public List<string> Tracks { get; } = [];

    public List<string> DataTracks { get; } = [];

    public uint Handle { get; set; }

    public bool Gone { get; private set; }

    /// <summary>An answer to the node's last offer.</summary>
    public string Answer => SdpParser.TryParse(_offer, out var offer, out _)
        ? SdpWriter.Write(offer with
        {
            Media =
            [
                .. offer.Media.Select(media => media with
                {
                    Direction = media.Direction.Reversed,
                    Transport = media.Transport with { Setup = DtlsSetup.Active },
                    Msids = [],
                    Sources = [],
                    SourceGroups = [],
                }),
            ],
        })
        : throw new InvalidOperationException("The node has offered nothing.");

    public bool Muted() => _muted = !_muted;

    public async Task JoinAsync(bool single, bool subscribes)
    {
        var claims = new AccessClaims { Issuer = "devkey", Identity = identity, Video = new VideoGrant { RoomJoin = true, Room = room.Name, CanUpdateOwnMetadata = true } };
        var parameters = new JoinParameters { SinglePeerConnection = single, AutoSubscribe = subscribes, Client = new ClientInfo { Protocol = 17 } };
        Sid = (await room.InvokeAsync((core, now) => core.Join(new JoinAttempt(room.Name, claims, parameters), this, now))).Sid;

        // Who does not connect is sent away after a minute.
        await room.InvokeAsync((core, now) => core.MediaEventsOf(Sid).OnReady(now));
    }

    public async Task PublishAsync(int count)
    {
        for (var i = 0; i < count; i++)
        {
            var cid = $"{identity}a{i}";
            await HandleAsync(new SignalRequest { AddTrack = new AddTrackRequest { Cid = cid, Type = TrackType.Audio, Source = TrackSource.Microphone, Name = "n" } });
            await room.InvokeAsync((core, now) =>
                core.MediaEventsOf(Sid).OnTrackNegotiated(new TrackSid(Tracks[^1]), cid, "1", "audio/opus", now));
        }
    }

    public async Task PublishDataAsync(int count)
    {
        for (var i = 0; i < count; i++)
        {
            Handle++;
            await HandleAsync(new SignalRequest { PublishDataTrackRequest = new PublishDataTrackRequest { PubHandle = Handle, Name = $"{Handle}" } });
        }
    }

    public Task HandleAsync(SignalRequest request, RemoteDescription? description = null) =>
        room.InvokeAsync((core, now) => core.Handle(Sid, this, request, now, description));

    public void Send(OutboundSignal message)
    {
        switch (message.Message.MessageCase)
        {
            case SignalResponse.MessageOneofCase.TrackPublished:
                Tracks.Add(message.Message.TrackPublished.Track.Sid);
                break;
            case SignalResponse.MessageOneofCase.PublishDataTrackResponse:
                DataTracks.Add(message.Message.PublishDataTrackResponse.Info.Sid);
                break;
            case SignalResponse.MessageOneofCase.Offer:
                _offer = message.Message.Offer.Sdp;
                break;
        }

        // As a connection does for its queue.
        _ = message.Size;
    }

    public void Close() => Gone = true;

    public void Abort() => Gone = true;
}
