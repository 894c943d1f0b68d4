using System.Text.Json.Serialization;

namespace BuildIt.Sfu.Signaling.Tokens;

/// <summary>What a token allows (its <c>video</c> claim). Null means that the token does not say; the properties below decide then.</summary>
public sealed record VideoGrant
{
    public bool RoomCreate { get; init; }

    public bool RoomList { get; init; }

    public bool RoomRecord { get; init; }

    public bool RoomAdmin { get; init; }

    public bool RoomJoin { get; init; }

    /// <summary>The one room the token is for; empty for tokens that are for none or all.</summary>
    public string Room { get; init; } = "";

    public string DestinationRoom { get; init; } = "";

    public bool? CanPublish { get; init; }

    public bool? CanSubscribe { get; init; }

    public bool? CanPublishData { get; init; }

    /// <summary>Names of the sources that may be published (camera, microphone, screen_share, screen_share_audio); empty means all.</summary>
    public IReadOnlyList<string> CanPublishSources { get; init; } = [];

    public bool? CanUpdateOwnMetadata { get; init; }

    public bool? CanSubscribeMetrics { get; init; }

    public bool? CanManageAgentSession { get; init; }

    public bool IngressAdmin { get; init; }

    public bool Hidden { get; init; }

    public bool Recorder { get; init; }

    public bool Agent { get; init; }

    [JsonIgnore]
    public bool MayPublish => CanPublish ?? true;

    [JsonIgnore]
    public bool MaySubscribe => CanSubscribe ?? true;

    [JsonIgnore]
    public bool MayPublishData => CanPublishData ?? MayPublish;

    [JsonIgnore]
    public bool MayUpdateOwnMetadata => CanUpdateOwnMetadata ?? false;
}
