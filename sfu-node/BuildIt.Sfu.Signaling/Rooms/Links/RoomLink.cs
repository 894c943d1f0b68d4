using BuildIt.Sfu.Media.Allocation;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Protocol.Relay;
using Google.Protobuf;
using Body = BuildIt.Sfu.Signaling.Protocol.Relay.RelayMessage.BodyOneofCase;

namespace BuildIt.Sfu.Signaling.Rooms.Links;

/// <summary>What one end of a link between two nodes of a room is for.</summary>
/// <param name="Node">The other node's name.</param>
/// <param name="IsChild">True at the end that the other feeds.</param>
public sealed record RoomLinkOptions(string Node, bool IsChild)
{
    /// <summary>True where the other end is another part of the room in this process: no node, no network and no fleet lies there.</summary>
    public bool IsInner { get; init; }

    /// <summary>What all rooms together may send to the other node's fleet; null where nothing bounds it.</summary>
    public LinkBound? Bound { get; init; }

    /// <summary>Time between two probes of the path.</summary>
    public TimeSpan ProbeInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The fleet that the other node belongs to: under its name is counted what is sent there.</summary>
    public string Fleet { get; init; } = string.Empty;
}

/// <summary>What is known of the path of a link; null until it was measured.</summary>
/// <param name="RoundTrip">Smoothed.</param>
/// <param name="Jitter">Variation of the round trip.</param>
/// <param name="Loss">Share of what was sent that did not arrive or was not answered, 0 to 1.</param>
/// <param name="Silence">Since the other end was heard last.</param>
/// <param name="Media">What media says of it.</param>
public readonly record struct RoomLinkPath(TimeSpan? RoundTrip, TimeSpan? Jitter, double? Loss, TimeSpan? Silence, RelayStatistics Media);

/// <summary>
/// A room's end of a link to another node: carries what the room and its media have to say, and acts on what the other node says. Used on
/// the room's loop.
/// </summary>
public sealed class RoomLink : IRelayPeerEvents
{
    /// <summary>What has passed so many links goes in circles: five lead from any node to any other, and one more to a part at either end.</summary>
    private const uint MaxHops = 8;

    /// <summary>Tracks that are known of the other node; as many as media takes.</summary>
    private const int MaxTracks = 4096;

    private readonly IRoomLinkEvents _events;
    private readonly Action<RoomLink, Instant> _changed;
    private readonly LinkProbe _probe;
    private readonly HashSet<string> _wantedData = new(StringComparer.Ordinal);
    private readonly Dictionary<string, RelayTrack> _streams = new(StringComparer.Ordinal);

    internal RoomLink(
        IMediaRoom media, RoomLinkOptions options, NeighbourAllowance allowance, IRoomLinkEvents events, Action<RoomLink, Instant> changed, Instant now)
    {
        (_events, Options, Allowance, _changed) = (events, options, allowance, changed);
        _probe = new LinkProbe(options.ProbeInterval);
        Peer = media.AddRelay(
            new RelayPeerOptions { Sid = new ParticipantSid("NODE_" + options.Node), IsChild = options.IsChild, IsInner = options.IsInner, Bound = options.Bound }, this, now);
    }

    public RoomLinkOptions Options { get; }

    /// <summary>How the other end reaches this one.</summary>
    public RelayAddress Local => Peer.Local;

    /// <summary>What is known of its path.</summary>
    public RoomLinkPath Path(Instant now) => new(_probe.RoundTrip, _probe.Jitter, _probe.Loss(now), now - _probe.HeardAt, Peer.Statistics);

    /// <summary>Whether both ends hear each other.</summary>
    public bool IsUp { get; private set; }

    /// <summary>Whether the other node has said everything it knew when the link came up.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>Whether the other node has been silent for <see cref="IRelayPeer.SuspectAfter"/>, and still was when the link ended.</summary>
    public bool IsSilent { get; private set; }

    /// <summary>True once it is over, for whatever reason.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>True once another link takes its place: nothing new comes or goes by it, and what comes by it still goes on.</summary>
    public bool IsRetiring { get; private set; }

    /// <summary>Why it is over, once it is.</summary>
    public RelayFailure Failure { get; private set; }

    internal IRelayPeer Peer { get; }

    /// <summary>What the other node may say, over this link and others.</summary>
    internal NeighbourAllowance Allowance { get; }

    /// <summary>Takes the other end's address; null when it can be used, else what is wrong with it.</summary>
    public string? Connect(RelayAddress remote, Instant now) => Peer.Connect(remote, now);

    /// <summary>Another link takes its place: everybody is to be known by that one before this one ends.</summary>
    public void Retire(Instant now)
    {
        if (!IsRetiring && !IsClosed)
        {
            IsRetiring = true;
            _events.OnRetires(now);
        }
    }

    /// <summary>Ends it from here; the other end notices.</summary>
    public void Close(Instant now)
    {
        if (!IsClosed)
        {
            IsClosed = true;
            IsUp = false;
            Peer.Close(now);
            _events.OnEnded(this, now);
            _changed(this, now);
        }
    }

    /// <summary>When <see cref="HandleTimeout"/> is to be called.</summary>
    internal Instant NextDeadline => IsUp ? _probe.NextDeadline : Instant.Never;

    internal void HandleTimeout(Instant now)
    {
        if (IsUp && _probe.TryTake(now, out var number))
        {
            Send(new RelayMessage { Probe = new Probe { Number = number } }, now, DataChannelKind.Lossy);
        }
    }

    /// <summary>Whether somebody behind the link receives a data track.</summary>
    internal bool Wants(string dataTrack) => _wantedData.Contains(dataTrack);

    /// <summary>The other node says whether somebody there does. False when that is as it was.</summary>
    internal bool SetWanted(string dataTrack, bool wanted) => wanted ? _wantedData.Add(dataTrack) : _wantedData.Remove(dataTrack);

    internal void Send(RelayMessage message, Instant now, DataChannelKind channel = DataChannelKind.Reliable, ParticipantSid from = default)
    {
        if (!IsUp)
        {
            return;
        }

        // Without one of these the two ends would know different things from now on.
        if (!Peer.Send(channel, from, message.ToByteArray(), now) && channel == DataChannelKind.Reliable && message.BodyCase != Body.Data)
        {
            Fail(RelayFailure.Overflow, now);
        }
    }

    /// <summary>The other node said more than it may: what may be lost is, and after anything else the two ends know different things.</summary>
    internal void Exceeded(DataChannelKind channel, Instant now)
    {
        if (channel == DataChannelKind.Reliable)
        {
            Fail(RelayFailure.Flood, now);
        }
    }

    /// <summary>It is over, and this is why.</summary>
    internal void Fail(RelayFailure reason, Instant now)
    {
        if (!IsClosed)
        {
            Failure = reason;
            Close(now);
        }
    }

    void IRelayPeerEvents.OnUp(Instant now)
    {
        IsUp = true;
        _events.OnUp(this, now);
        _changed(this, now);
    }

    void IRelayPeerEvents.OnSilence(bool isSilent, Instant now)
    {
        IsSilent = isSilent;
        _changed(this, now);
    }

    void IRelayPeerEvents.OnDown(RelayFailure reason, Instant now) => Fail(reason, now);

    void IRelayPeerEvents.OnTrack(RelayTrack track, Instant now) => _events.OnTrack(this, track, now);

    void IRelayPeerEvents.OnLayers(TrackSid track, string cid, int available, in LayerRates rates, Instant now) =>
        Send(new RelayMessage { Layers = RelayConversion.ToMessage(track, cid, available, rates) }, now);

    void IRelayPeerEvents.OnDemand(TrackSid track, IReadOnlyList<RelayDemand> demand, Instant now) =>
        Send(new RelayMessage { Demand = RelayConversion.ToMessage(track, demand) }, now);

    void IRelayPeerEvents.OnWatched(TrackSid track, Instant now) => _events.OnWatched(track);

    void IRelayPeerEvents.OnMessage(DataChannelKind channel, ReadOnlySpan<byte> bytes, Instant now)
    {
        if (IsClosed || !WireCodec.TryParse(bytes, RelayMessage.Parser, out var message) || message.Hops > MaxHops)
        {
            return;
        }

        if (!Allowance.TryTake(message.BodyCase, now))
        {
            Exceeded(channel, now);
            return;
        }

        switch (message.BodyCase)
        {
            case Body.SnapshotEnd:
                IsComplete = true;
                _events.OnComplete(this, now);
                _changed(this, now);
                break;
            case Body.Layers when Peer.Feeds(new TrackSid(message.Layers.TrackSid)):
                Peer.SetLayers(
                    new TrackSid(message.Layers.TrackSid), message.Layers.Cid, (int)message.Layers.Available, RelayConversion.RatesOf(message.Layers), now);
                break;
            case Body.Demand:
                Peer.SetDemand(new TrackSid(message.Demand.TrackSid), RelayConversion.FromMessage(message.Demand), now);
                break;
            case Body.Probe when message.Probe.IsAnswer:
                _probe.OnAnswer(message.Probe.Number, now);
                break;
            case Body.Probe:
                Send(new RelayMessage { Probe = new Probe { Number = message.Probe.Number, IsAnswer = true } }, now, DataChannelKind.Lossy);
                break;
            default:
                _events.OnMessage(this, message, channel, now);
                break;
        }
    }

    /// <summary>Keeps what the other node says of a track's streams. False when it is of no use, or there are too many.</summary>
    internal bool TryKeepStreams(TrackStreams said)
    {
        if (RelayConversion.FromMessage(said) is not { } streams || (_streams.Count >= MaxTracks && !_streams.ContainsKey(said.TrackSid)))
        {
            return false;
        }

        _streams[said.TrackSid] = streams;
        return true;
    }

    /// <summary>What the other node said of a track's streams.</summary>
    internal RelayTrack? FindStreams(string track) => _streams.GetValueOrDefault(track);

    /// <summary>The track is over.</summary>
    internal void ForgetStreams(string track) => _streams.Remove(track);
}

/// <summary>What happens at an end of a link, and what comes by it. Raised on the room's loop.</summary>
internal interface IRoomLinkEvents
{
    /// <summary>Both ends hear each other.</summary>
    void OnUp(RoomLink link, Instant now);

    /// <summary>The other node has said everything it knew when the link came up.</summary>
    void OnComplete(RoomLink link, Instant now);

    /// <summary>A link is about to end: everybody is to be known by the others.</summary>
    void OnRetires(Instant now);

    void OnEnded(RoomLink link, Instant now);

    /// <summary>The other node says something that is not of the link itself.</summary>
    void OnMessage(RoomLink link, RelayMessage message, DataChannelKind channel, Instant now);

    /// <summary>Media here has a track for the other node.</summary>
    void OnTrack(RoomLink link, RelayTrack track, Instant now);

    /// <summary>Somebody behind the link receives a track of this node.</summary>
    void OnWatched(TrackSid track);
}
