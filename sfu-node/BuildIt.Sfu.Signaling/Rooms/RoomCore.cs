using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Media.Sdp;
using BuildIt.Sfu.Media.Speakers;
using BuildIt.Sfu.Signaling.Join;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Administration;
using BuildIt.Sfu.Signaling.Rooms.Attendance;
using BuildIt.Sfu.Signaling.Rooms.Base;
using BuildIt.Sfu.Signaling.Rooms.Data;
using BuildIt.Sfu.Signaling.Rooms.Events;
using BuildIt.Sfu.Signaling.Rooms.Joins;
using BuildIt.Sfu.Signaling.Rooms.Links;
using BuildIt.Sfu.Signaling.Rooms.Members;
using BuildIt.Sfu.Signaling.Rooms.News;
using BuildIt.Sfu.Signaling.Rooms.Relays;
using BuildIt.Sfu.Signaling.Rooms.Requests;
using BuildIt.Sfu.Signaling.Rooms.Tracks;
using LeaveAction = BuildIt.Sfu.Signaling.Protocol.LeaveRequest.Types.Action;

namespace BuildIt.Sfu.Signaling.Rooms;

/// <summary>
/// The control plane of one room: who is in it, what they publish, receive and may do. Takes requests and media events with the
/// time and leads each to the part that acts on it; the parts give messages to sinks, calls to media and events to the observer. Lives on
/// one loop; no clock, no chance, no input or output of its own.
/// </summary>
public sealed class RoomCore : IMediaRoomEvents, IDeadline
{
    private readonly RoomState _state;
    private readonly RoomTimer _timer;
    private readonly RoomLifetime _lifetime;
    private readonly IRoomObserver _observer;
    private readonly RoomEvents _events;
    private readonly LimitReports _limits;
    private readonly RoomLinks _links;
    private readonly RoomRelays _relays;
    private readonly Arrivals _arrivals;
    private readonly Departures _departures;
    private readonly RoomEnd _end;
    private readonly Negotiation _negotiation;
    private readonly SignalHandler _requests;
    private readonly ReceiverNews _receiverNews;
    private readonly RoomSettings _settings;
    private readonly RoomRpc _rpc;
    private readonly ParticipantTimeouts _participants;
    private readonly ReturningClients _returning;
    private readonly Func<Participant, IMediaPeerEvents> _mediaEvents;

    // What has something to do later, in the order in which it is done.
    private readonly IDeadline[] _later;

    /// <param name="sid">Session id of the room.</param>
    /// <param name="options">How it behaves.</param>
    /// <param name="services">What the node's rooms share.</param>
    /// <param name="observer">Learns what happens.</param>
    /// <param name="deadlineMoved">Called when <see cref="NextDeadline"/> became earlier.</param>
    /// <param name="now">The time it opens.</param>
    public RoomCore(RoomSid sid, RoomOptions options, NodeServices services, IRoomObserver observer, Action deadlineMoved, Instant now)
    {
        // From what knows nothing of others to what leads them: a part is given those that it uses, and none of them uses it.
        var closeAt = RoomLifetime.FirstClose(options, now);
        _observer = observer;
        _state = new RoomState(sid, options, services.Clock.At(now));
        _timer = new RoomTimer(closeAt, deadlineMoved);
        _lifetime = new RoomLifetime(_state, _timer, services.Clock, closeAt);
        _events = new RoomEvents(_state, observer);
        _limits = new LimitReports(services.LimitCounters, observer);
        var (members, tracks) = (_state.Members, _state.Tracks);
        var updates = new RoomUpdates(_state, _timer);
        var tokens = new FreshTokens(services.Tokens, services.Clock, _timer);

        _links = new RoomLinks();
        var numbers = new RelayNumbers(options.PartName, _state.CreatedAt);
        var relayNews = new RelayNews(_state, _links);
        var relayedData = new RelayedData(members, _links, numbers);
        var dataDemand = new DataDemand(members, _links);
        var refresh = new RelayRefresh(_links, numbers, relayNews, _timer);

        var newcomers = new Newcomers(members);
        _receiverNews = new ReceiverNews(members, newcomers, relayNews);
        var news = new ParticipantNews(members, relayNews, _limits, _timer);
        var bounds = new NewsBounds(members, services.Limits);
        var texts = new ParticipantTexts(bounds, news, _limits);

        _rpc = new RoomRpc(services.Sids, _timer);
        var lossy = new LossyData(_limits);
        var data = new DataRelay(members, services.Limits, _limits, lossy, _rpc, relayedData);
        var handles = new DataHandleNews(members, tracks, _timer);
        var dataTracks = new DataTrackRelay(_state, services, bounds, news, lossy, handles, dataDemand, relayedData, _links, _limits);

        var subscriptions = new SubscriptionEngine(members, tracks, newcomers, services.Limits, _limits, _timer);
        var reception = new Reception(subscriptions, dataTracks, newcomers);
        var sweeps = new PublisherSweeps(members, tracks, subscriptions, dataTracks, _timer);
        var publishing = new TrackPublisher(_state, services, bounds, news, subscriptions, _events, updates, _limits);

        var returning = _returning = new ReturningClients(_state, subscriptions, _timer, now);
        var gone = new GoneMembers(returning, newcomers, data, updates);
        _departures = new Departures(_state, _lifetime, publishing, dataTracks, gone, news, _events);
        _end = new RoomEnd(_state, _departures, _links, _events, _timer);
        var connections = new MediaConnections(_departures, news, _events, _timer);
        var faults = new SimulatedFaults(_departures, _receiverNews, _timer);
        _participants = new ParticipantTimeouts(members, connections, tokens, returning, faults);
        _mediaEvents = participant =>
            new PeerEvents(participant, members, tracks, connections, publishing, subscriptions, data, dataTracks, _limits);

        var remoteTracks = new RemoteTracks(_state, _links, subscriptions, dataTracks, dataDemand);
        var remoteMembers = new RemoteMembers(_state, _lifetime, services.Limits, _links, remoteTracks, _departures, sweeps, gone, news, updates);
        var lost = new LostMembers(members, remoteMembers, relayNews, refresh, _timer);
        var dataReader = new RelayedDataReader(_state, services.Limits, numbers, relayedData, dataDemand, data, dataTracks);
        var reader = new RelayReader(members, _links, remoteMembers, remoteTracks, dataReader, relayNews, refresh, _receiverNews, _departures, updates);
        _relays = new RoomRelays(_state, _links, relayNews, refresh, lost, reader, subscriptions, _timer);

        _negotiation = new Negotiation(_departures, _limits);
        _requests = new SignalHandler(
            new RequestGuard(services.Limits, _limits),
            _negotiation,
            new PublisherRequests(publishing, dataTracks, new Consents(relayNews, sweeps), returning),
            new SubscriberRequests(subscriptions, dataTracks, new StateSync(_departures, subscriptions, dataTracks, data)),
            texts,
            _departures,
            faults);

        var responses = new JoinResponses(_state, services);
        var resumption = new Resumption(_state, responses, _negotiation, news, reception, returning, tokens, _timer);
        var welcome = new Welcome(
            _state, services.Limits, responses, _mediaEvents, news, reception, publishing, _negotiation, returning, updates, _timer);
        _arrivals = new Arrivals(_state, _lifetime, services, bounds, resumption, _departures, remoteMembers, welcome);

        var rights = new ParticipantRights(services.Clock, publishing, reception, sweeps, dataTracks, news, tokens, updates);
        _settings = new RoomSettings(_state, _lifetime, publishing, updates);
        Moderation = new Moderation(_state, _departures, publishing, subscriptions, texts, rights, data, _rpc, updates, relayNews);
        Figures = new RoomFigures(_state, _lifetime, _links);
        _later = [news, sweeps, handles, _relays, updates];
    }

    public RoomSid Sid => _state.Sid;

    public RoomOptions Options => _state.Options;

    public bool Ended => _state.Ended;

    /// <summary>How many are connected here. Any thread.</summary>
    public int People => _state.Members.CountHere;

    public Instant NextDeadline => _timer.Next;

    /// <summary>What the server API does to it.</summary>
    public Moderation Moderation { get; }

    /// <summary>What a fleet is told about it.</summary>
    public RoomFigures Figures { get; }

    /// <summary>Links to other nodes that serve the room.</summary>
    public IReadOnlyList<RoomLink> Links => _links.All;

    internal RoomState State => _state;

    /// <summary>Gives the room its media; once, before anybody joins.</summary>
    public void Attach(IMediaRoom media, Instant now)
    {
        _state.Media = media;
        if (!Options.IsEdge)
        {
            _events.RoomStarted();
        }
    }

    /// <summary>The room as clients and applications see it.</summary>
    public Protocol.Room Info() => _state.Info();

    /// <summary>Everybody in it whom others may see, whichever node they are connected to.</summary>
    public IReadOnlyList<ParticipantInfo> ListParticipants() => [.. _state.Members.All.Where(p => !p.Hidden).Select(p => p.Snapshot)];

    public ParticipantInfo? FindParticipant(string identity) =>
        _state.Members.FindHere(identity)?.Snapshot ?? _state.Members.FindElsewhere(identity)?.Snapshot;

    /// <summary>Whether somebody is connected to this part of the room.</summary>
    public bool IsHere(string identity) => _state.Members.FindHere(identity) is not null;

    /// <summary>The node to which somebody is connected that the room knows; null when nobody is, or it is this one.</summary>
    public string? NodeOf(string identity) => _state.Members.FindElsewhere(identity)?.Node;

    /// <summary>The node that has a session; null when none is known to, or it is this one.</summary>
    public string? NodeOfSession(string sid) => _state.Members.FindSessionElsewhere(sid)?.Node;

    /// <inheritdoc cref="Arrivals.Join"/>
    public JoinResult Join(JoinAttempt attempt, ISignalSink sink, Instant now) => _arrivals.Join(attempt, sink, now);

    /// <summary>Clients that had a session in the room before and are likely to begin another.</summary>
    public IReadOnlyList<string> Expected(Instant now) => _returning.Expected(now);

    /// <summary>Another part of the room expects such a client, which may come to this one.</summary>
    public void Expect(string identity, Instant now) => _returning.Expect(identity, now);

    /// <summary>Takes a signal request of a participant, unless it comes from a connection that has been replaced.</summary>
    /// <param name="participant">Whose.</param>
    /// <param name="from">The connection it came by.</param>
    /// <param name="request">The request.</param>
    /// <param name="now">Now.</param>
    /// <param name="description">The session description in it, if it has been read already.</param>
    public void Handle(ParticipantSid participant, ISignalSink from, SignalRequest request, Instant now, RemoteDescription? description = null)
    {
        if (Find(participant, from) is { } member)
        {
            _requests.Handle(member, request, description, now);
        }
    }

    /// <summary>
    /// Takes an offer of a participant as far as that needs the loop; what is returned is to be built on another thread and given to
    /// <see cref="FinishOffer"/>. Null when there is nothing to build.
    /// </summary>
    public OfferWork? BeginOffer(ParticipantSid participant, ISignalSink from, uint id, RemoteDescription offer, Instant now) =>
        Find(participant, from) is { } member ? _negotiation.BeginOffer(member, id, offer, now) : null;

    /// <summary>Answers an offer whose answer has been built, unless its connection has been replaced meanwhile.</summary>
    public void FinishOffer(ParticipantSid participant, ISignalSink from, OfferWork work, Instant now)
    {
        if (Find(participant, from) is { } member)
        {
            _negotiation.FinishOffer(member, work, now);
        }
    }

    /// <summary>A participant's connection is gone, unless it has been replaced: the session may go on without one.</summary>
    public void SignalLost(ParticipantSid participant, ISignalSink from, Instant now)
    {
        if (Find(participant, from) is { } member)
        {
            _departures.SignalLost(member, now);
        }
    }

    /// <summary>Counts that a participant was held back by what it asked through a connection.</summary>
    public void CountLimit(ParticipantSid participant, ClientLimit limit, Instant now)
    {
        if (_state.Members.FindSessionHere(participant.Value) is { } member)
        {
            _limits.Count(member, limit, now);
        }
    }

    /// <summary>
    /// Asks participants to connect again, because the room is moving: at most <paramref name="count"/> of them, in order of joining.
    /// With <see cref="LeaveAction.Resume"/> a session is kept until its media is gone; with
    /// <see cref="LeaveAction.Reconnect"/> it ends here at once.
    /// </summary>
    /// <returns>How many are left that have not been asked.</returns>
    public int SendAway(int count, DisconnectReason reason, LeaveAction action, Instant now) => _departures.SendAway(count, reason, action, now);

    /// <summary>Takes new settings over at once. The name and the trailer for server-made frames stay as they are.</summary>
    public void Reconfigure(RoomOptions options, Instant now) => _settings.Set(options, now);

    /// <summary>Makes this end of a link to another node that serves the room.</summary>
    /// <param name="options">What it is for.</param>
    /// <param name="changed">Called on the loop when it comes up, is complete, or ends.</param>
    /// <param name="now">Now.</param>
    public RoomLink OpenLink(RoomLinkOptions options, Action<RoomLink, Instant> changed, Instant now) => _relays.Open(options, changed, now);

    /// <summary>Ends the room: everybody is sent away.</summary>
    public void End(DisconnectReason reason, RoomEndReason why, Instant now, LeaveAction action = LeaveAction.Disconnect)
    {
        if (_end.TryEnd(reason, why, action, now))
        {
            _observer.OnEnded(why);
        }
    }

    public void OnSpeakersChanged(ReadOnlySpan<SpeakerLevel> changed, Instant now) => _receiverNews.SpeakersChanged(changed);

    public void OnQualityChanged(ReadOnlySpan<ParticipantQuality> changed, Instant now) => _receiverNews.QualityChanged(changed, now);

    public void HandleTimeout(Instant now)
    {
        if (Ended)
        {
            return;
        }

        if (_lifetime.IsOver(now))
        {
            End(DisconnectReason.RoomClosed, RoomEndReason.RoomEndIdleTimeout, now);
            return;
        }

        foreach (var part in _later)
        {
            part.HandleTimeout(now);
        }

        var next = Instant.Min(_rpc.HandleTimeout(now), _participants.HandleTimeout(now));

        // Something above may have asked for an earlier moment already.
        next = Instant.Min(next, _lifetime.CloseAt);
        foreach (var part in _later)
        {
            next = Instant.Min(next, part.NextDeadline);
        }

        _timer.Reset(next);
    }

    /// <summary>Takes what media says of a participant, for those who play its media.</summary>
    internal IMediaPeerEvents MediaEventsOf(ParticipantSid participant) => _mediaEvents(_state.Members.FindSessionHere(participant.Value)!);

    private Participant? Find(ParticipantSid participant, ISignalSink from) =>
        _state.Members.FindSessionHere(participant.Value) is { } member && member.Signal == from ? member : null;
}
