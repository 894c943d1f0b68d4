using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Signaling.Join;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Base;
using BuildIt.Sfu.Signaling.Rooms.Limits;
using BuildIt.Sfu.Signaling.Tokens;

namespace BuildIt.Sfu.Signaling.Rooms.Members;

/// <summary>One participant's session in a room: who it is, what it may do, publishes and receives.</summary>
internal sealed class Participant : Member
{
    private ParticipantInfo? _snapshot;
    private int _snapshotSize;

    public Participant(ParticipantSid sid, AccessClaims claims, JoinParameters join, ClientLimits limits)
    {
        Sid = sid;
        Claims = claims;

        // What came along is acted on at once and not kept for as long as the session lasts.
        Join = join with { Attributes = claims.Attributes, AddTracks = [], PublisherOffer = null, Offer = null, SyncState = null };
        Name = claims.Name;
        Metadata = claims.Metadata;
        Attributes = new Dictionary<string, string>(claims.Attributes, StringComparer.Ordinal);
        Permission = Permissions.FromGrant(claims.Video);
        MetadataBudget = new TokenBucket(limits.MetadataUpdatesPerSecond, 10);
        MetadataBytesBudget = new TokenBucket(limits.MetadataBytesPerSecond, 2.0 * (JoinLimits.MaxMetadata + JoinLimits.MaxAttributes));
        NewsBudget = new TokenBucket(limits.NewsPerSecond, limits.NewsBurst);
        NewsBytesBudget = MetadataBytesBudget;
        LossyAllowance = new DataAllowance(limits);
        ReliableAllowance = new DataAllowance(limits);
    }

    public override ParticipantSid Sid { get; }

    public override string Identity => Claims.Identity;

    public AccessClaims Claims { get; }

    public JoinParameters Join { get; set; }

    public string Name { get; set; }

    public string Metadata { get; set; }

    public Dictionary<string, string> Attributes { get; }

    public ParticipantPermission Permission { get; set; }

    public ParticipantInfo.Types.State State { get; set; }

    public DisconnectReason DisconnectReason { get; set; }

    public uint Version { get; private set; }

    public required string Region { get; init; }

    public required DateTimeOffset JoinedAt { get; init; }

    /// <summary>Null while the signal connection is away.</summary>
    public ISignalSink? Signal { get; set; }

    /// <summary>Set right after the join response was queued, and for as long as the participant is in the room.</summary>
    public IMediaPeer Media { get; set; } = null!;

    /// <summary>Announcements waiting for an older track of the same cid to end.</summary>
    public List<AddTrackRequest> QueuedTracks { get; } = [];

    /// <summary>By track sid.</summary>
    public Dictionary<string, SubscriptionState> Subscriptions { get; } = new(StringComparer.Ordinal);

    /// <summary>What <see cref="Member.Access"/> was made of, as other nodes are told it.</summary>
    public SubscriptionPermission? SaidAccess { get; set; }

    /// <summary>Counts what other nodes were told of it.</summary>
    public ulong RelayedVersion { get; set; }

    /// <summary>Sessions of the same identity at other nodes that this one replaces.</summary>
    public IReadOnlyList<string> Replaces { get; init; } = [];

    public DataTracks DataTracks { get; } = new();

    public override IEnumerable<DataTrack> PublishedData => DataTracks.Published.Values;

    public bool EverActive { get; set; }

    /// <summary>Not null in the first moments of a client that has come back.</summary>
    public HeldNews? HeldNews { get; set; }

    /// <summary>When to give up waiting for media to connect for the first time, or to come back.</summary>
    public Instant MediaDeadline { get; set; } = Instant.Never;

    public Instant NextTokenRefresh { get; set; } = Instant.Never;

    /// <summary>
    /// Since when the participant has the rights it has: the age of its refreshed tokens. Were they younger, one that is given out
    /// between a demotion and its arrival here would outlive it.
    /// </summary>
    public DateTimeOffset RightsSince
    {
        get => field == default ? Claims.IssuedAt ?? JoinedAt : field;
        set;
    }

    public Simulation Simulation { get; } = new();

    public TokenBucket MetadataBudget;

    public TokenBucket MetadataBytesBudget;

    public TokenBucket NewsBudget;

    public TokenBucket NewsBytesBudget;

    public DataAllowance LossyAllowance { get; }

    public DataAllowance ReliableAllowance { get; }

    /// <summary>Before this moment no reliable messages are taken: what it may send is used up.</summary>
    public Instant DataHeldUntil { get; set; } = Instant.Zero;

    /// <summary>Before this moment the observers are not told again that this participant is held back.</summary>
    public Instant NextLimitNotice { get; set; } = Instant.Zero;

    public uint LastReliableSequence { get; set; }

    public override bool Hidden => Permission.Hidden;

    public override bool IsRecorder => Claims.Video.Recorder;

    // Asked of everybody once a second on the room's loop: walked without allocating.
    public override bool IsPublisher
    {
        get
        {
            foreach (var track in Tracks.Values)
            {
                if (track.Published)
                {
                    return true;
                }
            }

            return DataTracks.Published.Count > 0;
        }
    }

    /// <summary>Whether this is a program that acts for others, as its token says.</summary>
    public bool IsAgent => Permission.Agent || Claims.Kind == "agent";

    public override bool CountsAsParticipant => !IsAgent && !Permission.Recorder && Claims.Kind != "egress";

    public override void Send(OutboundSignal message) => Signal?.Send(message);

    public bool Receives(Member publisher)
    {
        foreach (var track in publisher.Tracks.Keys)
        {
            if (Media.IsSubscribed(new TrackSid(track)))
            {
                return true;
            }
        }

        return false;
    }

    public override void Changed()
    {
        Version++;
        _snapshot = null;
        _snapshotSize = 0;
    }

    public override ParticipantInfo Snapshot => _snapshot ??= MakeSnapshot();

    public override int SnapshotSize => _snapshotSize > 0 ? _snapshotSize : _snapshotSize = Snapshot.CalculateSize();

    private ParticipantInfo MakeSnapshot()
    {
        var info = new ParticipantInfo
        {
            Sid = Sid.Value,
            Identity = Identity,
            State = State,
            Name = Name,
            Metadata = Metadata,
            JoinedAt = JoinedAt.ToUnixTimeSeconds(),
            JoinedAtMs = JoinedAt.ToUnixTimeMilliseconds(),
            Version = Version,
            Permission = Permission.Clone(),
            Region = Region,
            IsPublisher = IsPublisher,
            Kind = ParticipantKinds.Parse(Claims.Kind),
            DisconnectReason = DisconnectReason,
            ClientProtocol = Join.Client.ClientProtocol,
        };
        info.KindDetails.AddRange(Claims.KindDetails.Select(ParticipantKinds.ParseDetail).OfType<ParticipantInfo.Types.KindDetail>().Distinct());
        info.Capabilities.AddRange(KnownValues.Of(Join.Client.Capabilities));
        info.Attributes.Add(Attributes);
        info.Tracks.AddRange(Tracks.Values.Where(t => t.Published).Select(t => t.Info.Clone()));
        info.DataTracks.AddRange(DataTracks.Published.Values.Select(t => t.Info));
        return info;
    }
}

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
