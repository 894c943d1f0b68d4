using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Media.Sdp;
using BuildIt.Sfu.Media.Speakers;
using BuildIt.Sfu.Signaling.Join;
using BuildIt.Sfu.Signaling.Protocol;

namespace BuildIt.Sfu.Signaling.Rooms;

/// <summary>
/// The control plane of one room: who is in it, what they publish, receive and may do. Takes requests and media events with the
/// time, gives messages to sinks, calls to media and events to its observer. Lives on one loop; no clock, no chance, no input
/// or output of its own.
/// </summary>
public sealed partial class RoomCore : IMediaRoomEvents, IDeadline
{
    private readonly Dictionary<string, Participant> _byIdentity = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Participant> _bySid = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Track> _tracks = new(StringComparer.Ordinal);
    private readonly IRoomObserver _observer;
    private readonly Action _deadlineMoved;
    private DateTimeOffset _createdAt;
    private readonly Instant _openedAt;
    private IMediaRoom _media = null!;
    private string _metadata;
    private long _lastVersionMicros;
    private int _versionTicks;

    /// <param name="sid">Session id of the room.</param>
    /// <param name="options">How it behaves.</param>
    /// <param name="services">What the node's rooms share.</param>
    /// <param name="observer">Learns what happens.</param>
    /// <param name="deadlineMoved">Called when <see cref="NextDeadline"/> became earlier.</param>
    /// <param name="now">The time it opens.</param>
    public RoomCore(RoomSid sid, RoomOptions options, NodeServices services, IRoomObserver observer, Action deadlineMoved, Instant now)
    {
        Sid = sid;
        Options = options;
        Services = services;
        _observer = observer;
        _deadlineMoved = deadlineMoved;
        _metadata = options.Metadata;
        _createdAt = services.Clock.At(now);
        _openedAt = now;
        _closeAt = options.EndsWhenEmpty ? now + options.EmptyTimeout : Instant.Never;
        NextDeadline = _closeAt;
        News = new ParticipantNews(this);
        Newcomers = new Newcomers(this);
        Subscriptions = new SubscriptionEngine(this);
        Publishing = new TrackPublisher(this);
        Data = new DataRelay(this);
        DataTracks = new DataTrackRelay(this);
        Rpc = new RoomRpc(this);
        Resumption = new Resumption(this);
        Requests = new SignalHandler(this);
        Bounds = new NewsBounds(this);
        Sweeps = new PublisherSweeps(this);
        DataHandles = new DataHandleNews(this);
        Relays = new RoomRelays(this);
    }

    public RoomSid Sid { get; }

    public RoomOptions Options { get; private set; }

    /// <summary>When the room was opened, by the node that opened it first.</summary>
    internal DateTimeOffset CreatedAt
    {
        get => _createdAt;
        set => _createdAt = value;
    }

    internal string Metadata
    {
        get => _metadata;
        set => _metadata = value;
    }

    /// <summary>The media of the room.</summary>
    internal IMediaRoom Media => _media;

    /// <summary>What the connections of its clients have carried.</summary>
    public RoomTraffic Traffic => _media.Traffic;

    public bool Ended { get; private set; }

    public int ParticipantCount => _bySid.Count;

    public Instant NextDeadline { get; private set; }

    internal NodeServices Services { get; }

    internal ParticipantNews News { get; }

    internal Newcomers Newcomers { get; }

    internal SubscriptionEngine Subscriptions { get; }

    internal TrackPublisher Publishing { get; }

    internal DataRelay Data { get; }

    internal DataTrackRelay DataTracks { get; }

    internal RoomRpc Rpc { get; }

    internal Resumption Resumption { get; }

    internal SignalHandler Requests { get; }

    internal NewsBounds Bounds { get; }

    internal PublisherSweeps Sweeps { get; }

    internal DataHandleNews DataHandles { get; }

    internal RoomRelays Relays { get; }

    /// <summary>Those who are connected to this node.</summary>
    internal Dictionary<string, Participant>.ValueCollection Participants => _bySid.Values;

    /// <summary>All who are in the room, whichever node they are connected to.</summary>
    internal IEnumerable<Member> Members => _bySid.Values.Concat<Member>(Relays.Members);

    internal Dictionary<string, Track>.ValueCollection Tracks => _tracks.Values;

    /// <summary>Gives the room its media; once, before anybody joins.</summary>
    public void Attach(IMediaRoom media, Instant now)
    {
        _media = media;
        if (!Options.IsEdge)
        {
            Raise("room_started");
        }

        Schedule(_closeAt);
    }

    /// <summary>The room as clients and applications see it.</summary>
    public Protocol.Room Info() => new()
    {
        Sid = Sid.Value,
        Name = Options.Name,
        EmptyTimeout = (uint)Options.EmptyTimeout.TotalSeconds,
        DepartureTimeout = (uint)Options.DepartureTimeout.TotalSeconds,
        MaxParticipants = (uint)Options.MaxParticipants,
        CreationTime = _createdAt.ToUnixTimeSeconds(),
        CreationTimeMs = _createdAt.ToUnixTimeMilliseconds(),
        EnabledCodecs = { PublishCodecs() },
        Metadata = _metadata,
        NumParticipants = (uint)Members.Count(p => !p.Hidden && p.CountsAsParticipant),
        NumPublishers = (uint)Members.Count(p => p.IsPublisher),
        ActiveRecording = Members.Any(p => p.IsRecorder),
    };

    /// <summary>Takes a signal request of a participant, unless it comes from a connection that has been replaced.</summary>
    /// <param name="participant">Whose.</param>
    /// <param name="from">The connection it came by.</param>
    /// <param name="request">The request.</param>
    /// <param name="now">Now.</param>
    /// <param name="description">The session description in it, if it has been read already.</param>
    public void Handle(ParticipantSid participant, ISignalSink from, SignalRequest request, Instant now, RemoteDescription? description = null)
    {
        if (_bySid.TryGetValue(participant.Value, out var member) && member.Signal == from)
        {
            Requests.Handle(member, request, description, now);
        }
    }

    /// <summary>
    /// Takes an offer of a participant as far as that needs the loop; what is returned is to be built on another thread and given to
    /// <see cref="FinishOffer"/>. Null when there is nothing to build.
    /// </summary>
    public OfferWork? BeginOffer(ParticipantSid participant, ISignalSink from, uint id, RemoteDescription offer, Instant now) =>
        _bySid.TryGetValue(participant.Value, out var member) && member.Signal == from ? Requests.BeginOffer(member, id, offer, now) : null;

    /// <summary>Answers an offer whose answer has been built, unless its connection has been replaced meanwhile.</summary>
    public void FinishOffer(ParticipantSid participant, ISignalSink from, OfferWork work, Instant now)
    {
        if (_bySid.TryGetValue(participant.Value, out var member) && member.Signal == from)
        {
            Requests.FinishOffer(member, work, now);
        }
    }

    /// <summary>
    /// A participant's connection is gone. A session whose media never connected ends; any other goes on and may be resumed, for as
    /// long as its media lives.
    /// </summary>
    public void SignalLost(ParticipantSid participant, ISignalSink from, Instant now)
    {
        if (_bySid.TryGetValue(participant.Value, out var member) && member.Signal == from)
        {
            member.Signal = null;
            if (!member.EverActive)
            {
                Left(member, DisconnectReason.SignalClose, now);
            }
        }
    }

    public void OnSpeakersChanged(ReadOnlySpan<SpeakerLevel> changed, Instant now)
    {
        var speakers = new SpeakerInfo[changed.Length];
        for (var i = 0; i < changed.Length; i++)
        {
            speakers[i] = new SpeakerInfo { Sid = changed[i].Participant.Value, Level = changed[i].Level, Active = changed[i].Active };
            if (FindMember(speakers[i].Sid) is { } speaker)
            {
                Newcomers.Keep(speaker, speakers[i]);
            }
        }

        ToReceivers(speakers, s => s.Sid, MakeSpeakers);
    }

    public void OnQualityChanged(ReadOnlySpan<ParticipantQuality> changed, Instant now)
    {
        var updates = new ConnectionQualityInfo[changed.Length];
        for (var i = 0; i < changed.Length; i++)
        {
            updates[i] = new ConnectionQualityInfo
            {
                ParticipantSid = changed[i].Participant.Value,
                Quality = (ConnectionQuality)changed[i].Quality,
                Score = changed[i].Score,
            };
            if (_bySid.TryGetValue(updates[i].ParticipantSid, out var participant))
            {
                Newcomers.Keep(participant, updates[i]);
                Relays.QualityChanged(updates[i], now);
            }
        }

        TellQuality(updates);
    }

    /// <summary>Tells how good connections are to those whom it concerns.</summary>
    internal void TellQuality(ConnectionQualityInfo[] updates) =>
        ToReceivers(updates, u => u.ParticipantSid, some => new SignalResponse
        {
            ConnectionQuality = new ConnectionQualityUpdate { Updates = { some } },
        });

    /// <summary>Whether somebody with this session is connected to this node.</summary>
    internal bool Has(string sid) => _bySid.ContainsKey(sid);

    internal Participant? FindHere(string identity) => _byIdentity.GetValueOrDefault(identity);

    /// <summary>The member with this session, whichever node it is connected to.</summary>
    internal Member? FindMember(string sid) => _bySid.GetValueOrDefault(sid) ?? (Member?)Relays.FindBySid(sid);

    internal Track? FindTrack(string sid) => _tracks.GetValueOrDefault(sid);

    internal void Add(Track track) => _tracks.Add(track.Sid.Value, track);

    internal void Remove(Track track) => _tracks.Remove(track.Sid.Value);

    internal void SendSpeakers(Participant to, SpeakerInfo[] speakers) => to.Send(MakeSpeakers(speakers));

    /// <summary>Orders changes of tracks, also those within one microsecond.</summary>
    internal TimedVersion NextVersion(Instant now)
    {
        var micros = Services.Clock.At(now).ToUnixTimeMilliseconds() * 1000;
        _versionTicks = micros == _lastVersionMicros ? _versionTicks + 1 : 0;
        _lastVersionMicros = micros;
        return new TimedVersion { UnixMicro = micros, Ticks = _versionTicks };
    }

    internal void Raise(string name, Member? participant = null, Track? track = null) =>
        _observer.OnEvent(new WebhookEvent
        {
            Event = name,
            Room = Info(),
            Participant = participant?.Snapshot,
            Track = track?.Info.Clone(),
        });

    /// <summary>What clients may publish with, video first.</summary>
    private IEnumerable<Codec> PublishCodecs() => Options.PublishCodecs.Select(mime => new Codec { Mime = mime });

    private static OutboundSignal MakeSpeakers(IReadOnlyList<SpeakerInfo> speakers) =>
        new SignalResponse { SpeakersChanged = new SpeakersChanged { Speakers = { speakers } } };

    /// <summary>
    /// Sends to each participant what concerns itself or those it receives. Most receive all of it, so that message is made and
    /// serialised once.
    /// </summary>
    private void ToReceivers<T>(T[] items, Func<T, string> sidOf, Func<IReadOnlyList<T>, OutboundSignal> make)
    {
        var about = items.Select(i => (Item: i, Who: FindMember(sidOf(i))!)).Where(i => i.Who is not null).ToArray();
        if (about.Length == 0)
        {
            return;
        }

        // Nothing is allocated for those whom none of it concerns: in a large room that is nearly everybody, every few seconds.
        OutboundSignal? all = null;
        var mine = new List<T>();
        foreach (var receiver in Participants)
        {
            mine.Clear();
            foreach (var (item, who) in about)
            {
                if (who == receiver || receiver.Receives(who))
                {
                    mine.Add(item);
                }
            }

            if (mine.Count == about.Length)
            {
                receiver.Send(all ??= make(mine));
            }
            else if (mine.Count > 0)
            {
                receiver.Send(make(mine));
            }
        }
    }
}
