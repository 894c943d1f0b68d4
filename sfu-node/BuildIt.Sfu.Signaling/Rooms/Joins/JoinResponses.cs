using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Signaling.Join;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Base;
using BuildIt.Sfu.Signaling.Rooms.Members;
using Google.Protobuf;

namespace BuildIt.Sfu.Signaling.Rooms.Joins;

/// <summary>Makes what a client is told first, and what media is told of it. Used on the room's loop.</summary>
internal sealed class JoinResponses(RoomState state, NodeServices services)
{
    private const int PingIntervalSeconds = 5;
    private const int PingTimeoutSeconds = 15;

    public JoinResponse Join(Participant participant, Instant now)
    {
        var response = new JoinResponse
        {
            Room = state.Info(),
            Participant = participant.Snapshot,
            ServerVersion = services.Server.Version,
            ServerRegion = services.Server.Region,
            ServerInfo = services.Server,
            SubscriberPrimary = !participant.Join.SinglePeerConnection
                && participant.Permission.CanSubscribe
                && ProtocolFeatures.SubscriberPrimary(participant.Join.Protocol),
            PingInterval = PingIntervalSeconds,
            PingTimeout = PingTimeoutSeconds,
            SifTrailer = ByteString.CopyFrom(state.Options.SifTrailer.Span),
            FastPublish = participant.Permission.CanPublish,
        };
        response.OtherParticipants.AddRange(state.Members.All.Where(p => p != participant && !p.Hidden).Select(p => p.Snapshot));
        response.IceServers.AddRange(services.IceServers(participant.Sid.Value, services.Clock.At(now)));
        response.EnabledPublishCodecs.AddRange(state.PublishCodecs());
        return response;
    }

    public ReconnectResponse Reconnect(Participant participant, Instant now)
    {
        var response = new ReconnectResponse
        {
            ServerInfo = services.Server,
            ClientConfiguration = participant.Simulation.ForceRelay
                ? new ClientConfiguration { ForceRelay = ClientConfigSetting.Enabled }
                : null,
        };
        response.IceServers.AddRange(services.IceServers(participant.Sid.Value, services.Clock.At(now)));
        return response;
    }

    /// <summary>What media is told of a client's abilities, some of which are known by its browser alone.</summary>
    public MediaPeerOptions Peer(Participant participant)
    {
        var join = participant.Join;
        var browser = join.Client.Browser;
        var firefox = browser.Contains("firefox", StringComparison.OrdinalIgnoreCase);
        var safari = browser.Contains("safari", StringComparison.OrdinalIgnoreCase);
        return new MediaPeerOptions
        {
            Sid = participant.Sid,
            SinglePeerConnection = join.SinglePeerConnection,
            IceLite = services.IceLite && ProtocolFeatures.IceLite(join.Protocol) && !join.DisableIceLite && !firefox,
            AllowPause = join.SubscriberAllowPause ?? state.Options.AllowPause,
            DisabledCodecs = [.. state.Options.RefusedVideoCodecs],
            ReuseTransceivers = ProtocolFeatures.TransceiverReuse(join.Protocol) && !safari,
            SupportsRed = !firefox && !safari,
        };
    }
}
