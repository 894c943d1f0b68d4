using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Protocol.Relay;
using Google.Protobuf;
using LeaveAction = BuildIt.Sfu.Signaling.Protocol.LeaveRequest.Types.Action;

namespace BuildIt.Sfu.Signaling.Rooms;

/// <summary>
/// The room at other nodes: the links to them, and who is in the room there. Each node says who is connected to it and passes on what it
/// hears, so that all of them know the same. Used on the room's loop.
/// </summary>
internal sealed class RoomRelays(RoomCore room)
{
    /// <summary>What has passed so many links goes in circles.</summary>
    public const uint MaxHops = 8;

    /// <summary>Shortest time between two rounds in which everybody here is said anew.</summary>
    private static readonly TimeSpan RefreshInterval = TimeSpan.FromMilliseconds(200);

    /// <summary>How long somebody whose node cannot be heard stays in the room: about as long as it takes to find another way.</summary>
    public static readonly TimeSpan LostAfter = TimeSpan.FromSeconds(8);

    private const int MaxMembers = 10_000;
    private const int MaxRemembered = 1_000;
    private const int MaxAllowances = 64;

    private readonly List<RoomLink> _links = [];
    private readonly Dictionary<string, RemoteMember> _bySid = new(StringComparer.Ordinal);
    private readonly Dictionary<string, RemoteMember> _byIdentity = new(StringComparer.Ordinal);
    private readonly RecentSet<string> _gone = new(MaxRemembered);
    private readonly RecentSet<ulong> _serverMessages = new(MaxRemembered);
    private readonly HashSet<string> _wantedData = new(StringComparer.Ordinal);
    private readonly Dictionary<RoomLink, Instant> _ended = [];
    private readonly Dictionary<string, NeighbourAllowance> _allowances = new(StringComparer.Ordinal);

    // What all members of other nodes say of themselves, in bytes.
    private long _said;

    // What was sent over links that are over, by the fleet at their other end.
    private readonly Dictionary<string, long> _sentBefore = new(StringComparer.Ordinal);
    private ulong _stateVersion;
    private readonly RecentSet<ulong> _refreshes = new(MaxRemembered);
    private ulong _serverMessage;
    private Instant _refreshAt = Instant.Never;
    private Instant _refreshed = Instant.Zero;

    // A link broke: what others know by it has to come another way.
    private bool _broke;

    /// <summary>Links that are up.</summary>
    public int Count => _links.Count(link => link.IsUp);

    public IReadOnlyList<RoomLink> Links => _links;

    /// <summary>Bytes of datagrams sent to other nodes since the room was opened, by the fleet they belong to.</summary>
    public IReadOnlyDictionary<string, long> Sent()
    {
        var sent = new Dictionary<string, long>(_sentBefore, StringComparer.Ordinal);
        foreach (var link in _links)
        {
            AddSent(sent, link);
        }

        return sent;
    }

    public Dictionary<string, RemoteMember>.ValueCollection Members => _bySid.Values;

    public Instant NextDeadline { get; private set; } = Instant.Never;

    public RemoteMember? Find(string identity) => _byIdentity.GetValueOrDefault(identity);

    public RemoteMember? FindBySid(string sid) => _bySid.GetValueOrDefault(sid);

    /// <summary>Makes this end of a link. One that there is to the same node, of a route no newer, ends once the new one is complete.</summary>
    public RoomLink Open(RoomLinkOptions options, Action<RoomLink, Instant> changed, Instant now)
    {
        var link = new RoomLink(room, options, AllowanceOf(options.Node), changed, now);
        _links.Add(link);
        return link;
    }

    /// <summary>The room ends.</summary>
    public void Close(Instant now)
    {
        foreach (var link in _links.ToArray())
        {
            link.Close(now);
        }
    }

    public void HandleTimeout(Instant now)
    {
        if (now < NextDeadline)
        {
            return;
        }

        NextDeadline = Instant.Never;
        foreach (var link in _links.ToArray())
        {
            link.HandleTimeout(now);
            NextDeadline = Instant.Min(NextDeadline, link.NextDeadline);
        }

        if (_refreshAt <= now)
        {
            SayAll(now);
        }

        foreach (var (link, at) in _ended.ToArray())
        {
            if (now - at < LostAfter)
            {
                NextDeadline = Instant.Min(NextDeadline, at + LostAfter);
                continue;
            }

            LoseAll(link, now);
        }

        NextDeadline = Instant.Min(NextDeadline, _refreshAt);
        room.Schedule(NextDeadline);
    }

    /// <summary>Somebody here is new or has changed.</summary>
    public void MemberChanged(Participant participant, bool atOnce, Instant now)
    {
        participant.RelayedVersion++;
        if (_links.Count > 0)
        {
            Tell(Describe(participant, atOnce), null, now);
        }
    }

    /// <summary>Somebody here has left.</summary>
    public void MemberGone(Participant participant, bool wasPublisher, Instant now) =>
        Tell(
            new RelayMessage
            {
                MemberGone = new MemberGone { Sid = participant.Sid.Value, Reason = participant.DisconnectReason, WasPublisher = wasPublisher },
            },
            null,
            now);

    /// <summary>What the room as a whole is has changed at its origin.</summary>
    public void RoomChanged(Instant now)
    {
        _stateVersion++;
        Tell(State(), null, now);
    }

    public void QualityChanged(ConnectionQualityInfo quality, Instant now) =>
        Tell(
            new RelayMessage
            {
                Quality = new MemberQuality { Sid = quality.ParticipantSid, Quality = quality.Quality, Score = quality.Score },
            },
            null,
            now);

    /// <summary>Tokens were revoked: whoever has one is connected to any node.</summary>
    public void Revoked(string identity, DateTimeOffset notBefore, Instant now) =>
        Tell(new RelayMessage { Revocation = new Revocation { Identity = identity, NotBeforeMs = notBefore.ToUnixTimeMilliseconds() } }, null, now);

    /// <summary>Passes a data message of a member here, or of the server when <paramref name="from"/> is default, to those it is for.</summary>
    public void SendData(ParticipantSid from, Destinations destinations, byte[] encoded, DataChannelKind channel, Instant now)
    {
        if (_links.Count > 0)
        {
            var message = new RelayMessage { Data = new Data { From = from.Value ?? "", Packet = UnsafeByteOperations.UnsafeWrap(encoded) } };
            if (from == default)
            {
                message.Data.Id = NewServerMessage();
            }

            SendData(message, destinations, channel, null, now);
        }
    }

    /// <summary>Passes a packet of a data track to the nodes where it is received.</summary>
    public void SendDataTrack(DataTrack track, ReadOnlySpan<byte> packet, Instant now, RoomLink? except = null, uint hops = 0)
    {
        RelayMessage? message = null;
        foreach (var link in _links)
        {
            if (link != except && link.IsUp && link.Wants(track.Info.Sid))
            {
                message ??= new RelayMessage
                {
                    Hops = hops,
                    DataTrack = new DataTrackPacket { TrackSid = track.Info.Sid, Packet = ByteString.CopyFrom(packet) },
                };
                link.Send(message, now, DataChannelKind.DataTrack, track.Publisher.Sid);
            }
        }
    }

    /// <summary>Who receives a data track, here or behind another link, may have changed.</summary>
    public void DataTrackWatched(DataTrack track, Instant now)
    {
        if (track.Publisher is not RemoteMember publisher)
        {
            return;
        }

        var sid = track.Info.Sid;
        var wanted = room.DataTracks.IsReceived(sid) || _links.Exists(link => link != publisher.Via && link.Wants(sid));
        if (wanted ? _wantedData.Add(sid) : _wantedData.Remove(sid))
        {
            publisher.Via.Send(new RelayMessage { DataTrackDemand = new DataTrackDemand { TrackSid = sid, Wanted = wanted } }, now);
        }
    }

    /// <summary>A member of another node is here now under another session, or is not to be seen any more.</summary>
    public void Forget(RemoteMember member, DisconnectReason reason, Instant now)
    {
        _gone.Add(member.Sid.Value);
        Remove(member, reason, now);
    }

    /// <summary>Both ends of a link hear each other: this one says all it knows.</summary>
    internal void LinkUp(RoomLink link, Instant now)
    {
        if (!room.Options.IsEdge || _stateVersion > 0)
        {
            link.Send(State(), now);
        }

        foreach (var participant in room.Participants)
        {
            link.Send(Describe(participant, atOnce: true), now);
        }

        foreach (var member in _bySid.Values)
        {
            if (member.Via != link && IsHeard(member))
            {
                link.Send(new RelayMessage { Hops = 1, Member = member.Said }, now);
            }
        }

        link.Send(new RelayMessage { SnapshotEnd = new SnapshotEnd() }, now);
        if (_broke)
        {
            // The other node may believe that it still hears those here by the way that broke further on: what is said anew is newer.
            _broke = false;
            SayAnew(now);
        }

        NextDeadline = Instant.Min(NextDeadline, link.NextDeadline);
        room.Schedule(NextDeadline);
    }

    /// <summary>A link is about to end: everybody is to be known by the others.</summary>
    internal void LinkRetires(Instant now) => SayAnew(now);

    internal void LinkEnded(RoomLink link, Instant now)
    {
        if (_links.Remove(link))
        {
            AddSent(_sentBefore, link);
        }

        _broke |= !link.IsRetiring;
        Refresh(now);
        if (_bySid.Values.Any(member => member.Via == link))
        {
            _ended[link] = now;
            NextDeadline = Instant.Min(NextDeadline, now + LostAfter);
            room.Schedule(NextDeadline);
        }
    }

    private static void AddSent(Dictionary<string, long> sent, RoomLink link) =>
        sent[link.Options.Fleet] = sent.GetValueOrDefault(link.Options.Fleet) + link.Peer.Statistics.DatagramBytesSent;

    /// <summary>The other node has said everything: who came from it before and was not named is not there any more.</summary>
    internal void HeardAll(RoomLink link, Instant now)
    {
        foreach (var old in _ended.Keys.Where(old => old.Options.Node == link.Options.Node).ToArray())
        {
            LoseAll(old, now);
        }
    }

    internal void Hear(RoomLink link, RoomState state, Instant now)
    {
        if (!room.Options.IsEdge || state.Version < _stateVersion || state.Metadata.Length > Join.JoinLimits.MaxMetadata)
        {
            return;
        }

        _stateVersion = state.Version;
        room.CreatedAt = TimeOf(state.CreatedAtMs);
        if (room.Metadata != state.Metadata)
        {
            room.Metadata = state.Metadata;
            room.SendRoomUpdate(now);
        }

        Tell(State(), link, now);
    }

    internal void Hear(RoomLink link, RelayMessage message, MemberChanged said, Instant now)
    {
        var sid = said.Info.Sid;
        if (sid.Length == 0 || said.Info.Identity.Length == 0 || room.Has(sid) || _gone.Contains(sid))
        {
            return;
        }

        // A session is of one identity for as long as it lasts.
        var known = _bySid.GetValueOrDefault(sid);
        if (known is not null && known.Identity != said.Info.Identity)
        {
            return;
        }

        var moves = known is not null && known.Via != link;
        if (known is not null && (said.Version < known.Version || (said.Version == known.Version && (!moves || IsHeard(known)))))
        {
            return;
        }

        if (room.FindHere(said.Info.Identity) is { } here)
        {
            if (MayStay(here, said))
            {
                return;
            }

            room.Leave(here, DisconnectReason.DuplicateIdentity, LeaveAction.Disconnect, now);
        }

        if (_byIdentity.TryGetValue(said.Info.Identity, out var same) && same != known)
        {
            if (said.Replaces.Contains(same.Sid.Value) || said.Info.JoinedAtMs > same.Snapshot.JoinedAtMs)
            {
                Forget(same, DisconnectReason.DuplicateIdentity, now);
            }
            else
            {
                return;
            }
        }

        if (known is null && _bySid.Count >= MaxMembers)
        {
            return;
        }

        if ((known is null && !link.Allowance.TryTakeArrival(now))
            || _said + said.CalculateSize() - (known?.SaidSize ?? 0) > room.Services.Limits.RoomNewsBytes * 2L)
        {
            link.Fail(RelayFailure.Flood, now);
            return;
        }

        Take(link, known, said, now);
        Pass(message, link, now);
    }

    internal void Hear(RoomLink link, RelayMessage message, MemberGone gone, Instant now)
    {
        if (_bySid.TryGetValue(gone.Sid, out var member) && (member.Via == link || !gone.Lost))
        {
            if (!gone.Lost)
            {
                _gone.Add(gone.Sid);
            }

            Remove(member, gone.Reason, now, isLost: gone.Lost);
            Pass(message, link, now);
            if (gone.Lost)
            {
                // Its node may be heard another way, which was not taken while this one seemed to go.
                Refresh(now);
            }
        }
    }

    internal void Hear(RoomLink link, RelayMessage message, DataChannelKind channel, Instant now)
    {
        if (message.Data.Packet.Length > room.Services.Limits.DataMessageBytes * 2
            || !WireCodec.TryParse(message.Data.Packet.Span, DataPacket.Parser, out var packet))
        {
            return;
        }

        var destinations = new Destinations(packet);
        if (!link.Allowance.TryDeliver(room.Participants.Count(destinations.Include), now))
        {
            link.Exceeded(channel, now);
            return;
        }

        var encoded = message.Data.Packet.ToByteArray();
        if (message.Data.From.Length == 0)
        {
            if (!_serverMessages.Add(message.Data.Id))
            {
                return;
            }

            room.Data.FromServer(packet, encoded, channel, now);
        }
        else if (_bySid.TryGetValue(message.Data.From, out var sender) && sender.Via == link)
        {
            if (sender.Identity != packet.ParticipantIdentity && !sender.Hidden)
            {
                return;
            }

            room.Data.FromNode(sender, packet, encoded, channel, now);
        }
        else
        {
            return;
        }

        message.Hops++;
        SendData(message, destinations, channel, link, now);
    }

    internal void Hear(RoomLink link, RelayMessage message, DataTrackPacket said, Instant now)
    {
        if (room.DataTracks.Find(said.TrackSid) is { Publisher: RemoteMember publisher } track && publisher.Via == link)
        {
            room.DataTracks.Deliver(track, said.Packet.Span, now);
            SendDataTrack(track, said.Packet.Span, now, link, message.Hops + 1);
        }
    }

    internal void Hear(RoomLink link, RelayMessage message, MemberQuality said, Instant now)
    {
        if (_bySid.TryGetValue(said.Sid, out var member) && member.Via == link)
        {
            var quality = new ConnectionQualityInfo { ParticipantSid = said.Sid, Quality = said.Quality, Score = said.Score };
            room.Newcomers.Keep(member, quality);
            room.TellQuality([quality]);
            Pass(message, link, now);
        }
    }

    internal void Hear(RoomLink link, RelayMessage message, Refresh said, Instant now)
    {
        if (!_refreshes.Add(said.Id))
        {
            return;
        }

        _refreshAt = Instant.Min(_refreshAt, Instant.Max(now, _refreshed + RefreshInterval));
        if (_refreshAt <= now)
        {
            SayAll(now);
        }
        else
        {
            NextDeadline = Instant.Min(NextDeadline, _refreshAt);
            room.Schedule(NextDeadline);
        }

        Pass(message, link, now);
    }

    internal void Hear(RoomLink link, RelayMessage message, Revocation said, Instant now)
    {
        room.RevokeHere(said.Identity, TimeOf(said.NotBeforeMs), now);
        Pass(message, link, now);
    }

    /// <summary>Media has a track of a member of another node: those here may receive it.</summary>
    internal void TrackCame(RemoteMember publisher, string sid, Instant now)
    {
        if (publisher.Tracks.TryGetValue(sid, out var track) && !track.Published)
        {
            track.Published = true;
            room.Subscriptions.TrackPublished(track, now);
        }
    }

    /// <summary>Of two sessions of one identity, whether the one that is here stays.</summary>
    private static bool MayStay(Participant here, MemberChanged there)
    {
        if (there.Replaces.Contains(here.Sid.Value))
        {
            return false;
        }

        // Neither knew of the other: the later one stays, at every node alike.
        var joined = here.JoinedAt.ToUnixTimeMilliseconds();
        return here.Replaces.Contains(there.Info.Sid)
            || joined > there.Info.JoinedAtMs
            || (joined == there.Info.JoinedAtMs && string.CompareOrdinal(here.Sid.Value, there.Info.Sid) > 0);
    }

    /// <summary>A time that another node names, whatever it names.</summary>
    private static DateTimeOffset TimeOf(long unixMilliseconds) =>
        DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(unixMilliseconds, 0, DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()));

    private static bool IsHeard(RemoteMember member) => member.Via is { IsUp: true, IsRetiring: false };

    private void Take(RoomLink link, RemoteMember? known, MemberChanged said, Instant now)
    {
        var isNew = known is null;
        var wasHidden = known?.Hidden ?? false;
        var wasPublisher = known?.IsPublisher ?? false;
        var moves = !isNew && known!.Via != link;
        var unchanged = !isNew && Says(known!.Said, said);
        var member = known ?? new RemoteMember(said, link);
        var countedBefore = known?.CountsAsParticipant ?? false;
        _said -= known?.SaidSize ?? 0;
        member.Update(said);
        _said += member.SaidSize;
        member.Via = link;
        if (isNew)
        {
            _bySid.Add(said.Info.Sid, member);
            _byIdentity.Add(said.Info.Identity, member);
        }

        FollowTracks(member, now);
        foreach (var sid in member.Tracks.Keys)
        {
            link.Follow(member, sid, now);
        }

        if (moves)
        {
            TellDataDemand(member, now);
        }

        if (unchanged)
        {
            return;
        }

        member.Access = said.Access is { } access ? SubscriptionAccess.From(access) : null;
        if (!isNew)
        {
            room.Subscriptions.ReconcilePublisher(member, now);
            room.DataTracks.ReconcilePublisher(member, now);
        }

        if (member.Hidden && !isNew && !wasHidden)
        {
            room.News.PublishGone(member, wasPublisher, now);
        }
        else if (!member.Hidden)
        {
            room.News.Publish(member, said.AtOnce, now);
        }

        room.RoomChanged(now);
        if (member.CountsAsParticipant && !countedBefore)
        {
            EnforceLimit(now);
        }
    }

    private NeighbourAllowance AllowanceOf(string node)
    {
        if (!_allowances.TryGetValue(node, out var allowance))
        {
            if (_allowances.Count >= MaxAllowances)
            {
                foreach (var gone in _allowances.Keys.Where(known => !_links.Exists(link => link.Options.Node == known)).ToArray())
                {
                    _allowances.Remove(gone);
                }
            }

            _allowances.Add(node, allowance = new NeighbourAllowance());
        }

        return allowance;
    }

    /// <summary>Whether a member says the same again.</summary>
    private static bool Says(MemberChanged before, MemberChanged now) => before.Info.Equals(now.Info) && Equals(before.Access, now.Access);

    private void FollowTracks(RemoteMember member, Instant now)
    {
        var said = member.Snapshot.Tracks;
        foreach (var track in member.Tracks.Values.Where(track => said.All(info => info.Sid != track.Sid.Value)).ToArray())
        {
            EndTrack(member, track, now);
        }

        foreach (var info in said)
        {
            if (member.Tracks.TryGetValue(info.Sid, out var track))
            {
                track.Info = info;
                room.Media.SetRelayedMuted(track.Sid, info.Muted, now);
            }
            else if (info.Sid.Length > 0 && room.FindTrack(info.Sid) is null)
            {
                track = new Track(new TrackSid(info.Sid), member, info);
                member.Tracks.Add(info.Sid, track);
                room.Add(track);
            }
        }

        room.DataTracks.Follow(member, member.Snapshot.DataTracks, now);
    }

    private void EndTrack(RemoteMember member, Track track, Instant now, bool isLost = false)
    {
        member.Tracks.Remove(track.Sid.Value);
        foreach (var link in _links)
        {
            if (!isLost || link == member.Via)
            {
                link.Forget(track.Sid.Value);
            }
        }

        room.Remove(track);
        room.Media.EndRelayed(track.Sid, now);
        room.Subscriptions.TrackGone(track);
    }

    /// <summary>Two nodes may have let in the last one at once: the last of all goes again, wherever that is.</summary>
    private void EnforceLimit(Instant now)
    {
        var limit = room.Options.MaxParticipants;
        if (limit <= 0)
        {
            return;
        }

        var counted = room.Members.Where(member => member.CountsAsParticipant).ToArray();
        if (counted.Length > limit
            && counted.OrderBy(member => member.Snapshot.JoinedAtMs).ThenBy(member => member.Sid.Value, StringComparer.Ordinal).ElementAt(limit) is Participant last)
        {
            room.Leave(last, DisconnectReason.ParticipantRemoved, LeaveAction.Disconnect, now);
        }
    }

    /// <summary>Nobody came back of those who are known by a link that has ended.</summary>
    private void LoseAll(RoomLink ended, Instant now)
    {
        _ended.Remove(ended);
        foreach (var member in _bySid.Values.Where(member => member.Via == ended).ToArray())
        {
            Lose(member, now);
        }

        Refresh(now);
    }

    /// <summary>Its node cannot be heard: it may be back with the same session, but for now it is gone, and those further on are told.</summary>
    private void Lose(RemoteMember member, Instant now)
    {
        var wasPublisher = member.IsPublisher;
        Remove(member, DisconnectReason.ConnectionTimeout, now, isLost: true);
        Tell(
            new RelayMessage
            {
                MemberGone = new MemberGone { Sid = member.Sid.Value, Reason = DisconnectReason.ConnectionTimeout, WasPublisher = wasPublisher, Lost = true },
            },
            null,
            now);
    }

    /// <param name="member">Who is to be seen no more.</param>
    /// <param name="reason">Why.</param>
    /// <param name="now">The time.</param>
    /// <param name="isLost">It may be there all the same: what other links said of its tracks holds, and is not said again.</param>
    private void Remove(RemoteMember member, DisconnectReason reason, Instant now, bool isLost = false)
    {
        _bySid.Remove(member.Sid.Value);
        _byIdentity.Remove(member.Identity);
        _said -= member.SaidSize;
        room.Expect(member.Identity, now);
        foreach (var track in member.Tracks.Values.ToArray())
        {
            EndTrack(member, track, now, isLost);
        }

        foreach (var sid in member.Data.Keys)
        {
            _wantedData.Remove(sid);
        }

        room.DataTracks.Follow(member, [], now);
        room.Newcomers.Forget(member);
        room.Data.Forget(member);
        if (!member.Hidden)
        {
            room.News.PublishGone(member, member.IsPublisher, now, reason);
        }

        room.RoomChanged(now);
    }

    private void TellDataDemand(RemoteMember member, Instant now)
    {
        foreach (var sid in member.Data.Keys.Where(_wantedData.Contains))
        {
            member.Via.Send(new RelayMessage { DataTrackDemand = new DataTrackDemand { TrackSid = sid, Wanted = true } }, now);
        }
    }

    private RelayMessage Describe(Participant participant, bool atOnce)
    {
        var said = new MemberChanged
        {
            Info = participant.Snapshot,
            Node = room.Options.NodeName,
            Version = participant.RelayedVersion,
            Access = participant.SaidAccess,
            AtOnce = atOnce,
            TakesNoPlace = !participant.CountsAsParticipant,
        };
        said.Replaces.AddRange(participant.Replaces);
        return new RelayMessage { Member = said };
    }

    private RelayMessage State() => new()
    {
        Room = new RoomState { CreatedAtMs = room.CreatedAt.ToUnixTimeMilliseconds(), Metadata = room.Metadata, Version = _stateVersion },
    };

    private ulong NewServerMessage()
    {
        // Unlike those of other nodes, whose numbers begin elsewhere, and of this one before it restarted.
        _serverMessage = _serverMessage == 0
            ? ((ulong)StableHash(room.Options.NodeName) << 32) + (uint)(room.CreatedAt.ToUnixTimeMilliseconds() << 10)
            : _serverMessage + 1;
        _serverMessages.Add(_serverMessage);
        _refreshes.Add(_serverMessage);
        return _serverMessage;
    }

    private static uint StableHash(string text)
    {
        // FNV-1a: the same at every start, so that a node's messages are told apart from others' for as long as they are remembered.
        var hash = 2166136261u;
        foreach (var character in text)
        {
            hash = (hash ^ character) * 16777619u;
        }

        return hash;
    }

    private void SendData(RelayMessage message, Destinations destinations, DataChannelKind channel, RoomLink? except, Instant now)
    {
        foreach (var link in _links.ToArray())
        {
            if (link != except && link.IsUp && (!destinations.AreNamed || _bySid.Values.Any(member => member.Via == link && destinations.Include(member))))
            {
                link.Send(message, now, channel, message.Data.From.Length > 0 ? new ParticipantSid(message.Data.From) : default);
            }
        }
    }

    /// <summary>Asks all nodes that can be reached to say anew who is there.</summary>
    private void Refresh(Instant now)
    {
        if (_links.Exists(link => link.IsUp))
        {
            Tell(new RelayMessage { Refresh = new Refresh { Id = NewServerMessage() } }, null, now);
        }
    }

    /// <summary>Everybody is said anew, here and wherever this node is heard.</summary>
    private void SayAnew(Instant now)
    {
        Refresh(now);
        SayAll(now);
    }

    private void SayAll(Instant now)
    {
        _refreshAt = Instant.Never;
        _refreshed = now;
        foreach (var participant in room.Participants)
        {
            MemberChanged(participant, atOnce: false, now);
        }
    }

    private void Pass(RelayMessage message, RoomLink from, Instant now)
    {
        message.Hops++;
        Tell(message, from, now);
    }

    private void Tell(RelayMessage message, RoomLink? except, Instant now)
    {
        foreach (var link in _links.ToArray())
        {
            if (link != except && !link.IsRetiring)
            {
                link.Send(message, now);
            }
        }
    }
}
