using BuildIt.Sfu.Signaling.Protocol;

namespace BuildIt.Sfu.Signaling.Rooms;

/// <summary>Participant kinds as tokens name them.</summary>
internal static class ParticipantKinds
{
    public static ParticipantInfo.Types.Kind Parse(string kind) => kind switch
    {
        "ingress" => ParticipantInfo.Types.Kind.Ingress,
        "egress" => ParticipantInfo.Types.Kind.Egress,
        "sip" => ParticipantInfo.Types.Kind.Sip,
        "agent" => ParticipantInfo.Types.Kind.Agent,
        "connector" => ParticipantInfo.Types.Kind.Connector,
        "bridge" => ParticipantInfo.Types.Kind.Bridge,
        _ => ParticipantInfo.Types.Kind.Standard,
    };

    public static ParticipantInfo.Types.KindDetail? ParseDetail(string detail) => detail.ToLowerInvariant() switch
    {
        "cloud_agent" => ParticipantInfo.Types.KindDetail.CloudAgent,
        "forwarded" => ParticipantInfo.Types.KindDetail.Forwarded,
        "connector_whatsapp" => ParticipantInfo.Types.KindDetail.ConnectorWhatsapp,
        "connector_twilio" => ParticipantInfo.Types.KindDetail.ConnectorTwilio,
        "bridge_rtsp" => ParticipantInfo.Types.KindDetail.BridgeRtsp,
        "simulation" => ParticipantInfo.Types.KindDetail.Simulation,
        _ => null,
    };
}
