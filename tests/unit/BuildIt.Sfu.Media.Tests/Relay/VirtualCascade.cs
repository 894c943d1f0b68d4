using System.Buffers.Binary;
using BuildIt.Sfu.Media.Allocation;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Net;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Media.Tests.Network;
using BuildIt.Sfu.Media.Tests.Rooms;

namespace BuildIt.Sfu.Media.Tests.Relay;

/// <summary>One room over several nodes in virtual time, joined by emulated paths. Everything follows from the seed.</summary>
internal sealed class VirtualCascade
{
    private readonly List<ModelLink> _links = [];
    private readonly int _seed;

    public VirtualCascade(int seed, int nodes)
    {
        _seed = seed;
        Nodes = [.. Enumerable.Range(0, nodes).Select(i => new VirtualRoom(seed * 10 + i))];
    }

    public IReadOnlyList<VirtualRoom> Nodes { get; }

    public Instant Now => Nodes[0].Now;

    /// <summary>Joins two nodes; the second is the child.</summary>
    /// <param name="parent">The place of one.</param>
    /// <param name="child">That of the other.</param>
    /// <param name="bound">What the parent's process may send over this link and others.</param>
    public ModelLink Join(int parent, int child, LinkBound? bound = null)
    {
        var link = new ModelLink(Nodes[parent], Nodes[child], _seed + _links.Count, _links.Count, bound);
        _links.Add(link);
        return link;
    }

    public void Run(double seconds)
    {
        for (var end = Now + TimeSpan.FromSeconds(seconds); Now < end;)
        {
            Tick();
        }
    }

    /// <summary>Seconds until the condition holds; infinite when it does not within the limit.</summary>
    public double SecondsUntil(Func<bool> condition, double limit)
    {
        for (var start = Now; ; Tick())
        {
            if (condition())
            {
                return (Now - start).TotalSeconds;
            }

            if (Now - start > TimeSpan.FromSeconds(limit))
            {
                return double.PositiveInfinity;
            }
        }
    }

    /// <summary>A subscriber begins to receive a publisher of another node, as soon as its own node knows of it.</summary>
    public void Subscribe(VirtualRoom node, ModelClient subscriber, ModelClient publisher, SubscriptionSettings settings)
    {
        Assert.True(SecondsUntil(() => node.Media.Tracks.Find(publisher.VideoSid) is not null && node.Media.Tracks.Find(publisher.AudioSid) is not null, 5) < 5, "the node does not know of the tracks");
        subscriber.Subscribe(publisher, settings);
    }

    /// <summary>Goes on by a millisecond.</summary>
    public void Tick()
    {
        foreach (var node in Nodes)
        {
            node.Tick();
        }

        foreach (var link in _links)
        {
            link.Down.Advance(Now);
            link.Up.Advance(Now);
        }
    }
}

/// <summary>A link between two nodes and the path it takes.</summary>
internal sealed class ModelLink
{
    private static readonly TransportAddress ChildAddress = TransportAddress.FromIPv4(0xC0A80001, 7000);
    private static readonly TransportAddress ParentAddress = TransportAddress.FromIPv4(0xC0000201, 7882);

    private bool _cut;

    public ModelLink(VirtualRoom parent, VirtualRoom child, int seed, int place, LinkBound? bound)
    {
        Down = new EmulatedLink(Fast(), seed);
        Up = new EmulatedLink(Fast(), seed + 1);
        Parent = new ModelLinkEnd(parent, $"LINK_{place}_child", isChild: false);
        Child = new ModelLinkEnd(child, $"LINK_{place}_parent", isChild: true);
        (Parent.Other, Child.Other) = (Child, Parent);
        Parent.Make(bound);
        var parentSide = parent.Wire(Down, datagram => Deliver(Child, datagram, ParentAddress));
        Child.Make(null);
        var childSide = child.Wire(Up, datagram => Deliver(Parent, datagram, ChildAddress));
        (Parent.Handler, Child.Handler) = (parentSide.Handler, childSide.Handler);
        Assert.Null(Parent.Peer.Connect(Child.Peer.Local, parent.Now));
        Assert.Null(Child.Peer.Connect(Parent.Peer.Local, child.Now));
    }

    /// <summary>From the parent to the child.</summary>
    public EmulatedLink Down { get; }

    public EmulatedLink Up { get; }

    public ModelLinkEnd Parent { get; }

    public ModelLinkEnd Child { get; }

    public bool IsUp => Parent.IsUp && Child.IsUp;

    /// <summary>Called with every datagram that arrives at the child.</summary>
    public Action<byte[]>? AtChild { get; set; }

    /// <summary>Nothing arrives any more, either way.</summary>
    public void Cut() => _cut = true;

    /// <summary>What is sent from now on arrives again.</summary>
    public void Mend() => _cut = false;

    private void Deliver(ModelLinkEnd end, byte[] datagram, TransportAddress from)
    {
        if (!_cut)
        {
            if (end == Child)
            {
                AtChild?.Invoke(datagram);
            }

            end.Handler.HandleDatagram(datagram, from, end.Room.Now);
        }
    }

    private static LinkSettings Fast() => new() { Rate = DataRate.FromMegabits(100), Delay = TimeSpan.FromMilliseconds(10) };
}

/// <summary>One end: what the room tells is carried as messages over the link itself, each a number for what is to be done.</summary>
internal sealed class ModelLinkEnd(VirtualRoom room, string name, bool isChild) : IRelayPeerEvents
{
    private readonly Dictionary<int, Action<IRelayPeer, Instant>> _sent = [];
    private int _next;

    public VirtualRoom Room => room;

    public ModelLinkEnd Other { get; set; } = null!;

    public IRelayPeer Peer { get; private set; } = null!;

    public IDatagramHandler Handler { get; set; } = null!;

    public bool IsUp { get; private set; }

    public List<TrackSid> Watched { get; } = [];

    public List<(TrackSid Track, IReadOnlyList<RelayDemand> Demand)> Demands { get; } = [];

    public void Make(LinkBound? bound) => Peer = room.Media.AddRelay(new RelayPeerOptions { Sid = new ParticipantSid(name), IsChild = isChild, Bound = bound }, this, room.Now);

    /// <summary>When the other end was found silent, and heard again.</summary>
    public List<(bool IsSilent, Instant At)> Silences { get; } = [];

    public void OnUp(Instant now) => IsUp = true;

    public void OnSilence(bool isSilent, Instant now) => Silences.Add((isSilent, now));

    public void OnDown(RelayFailure reason, Instant now) => IsUp = false;

    public void OnTrack(RelayTrack track, Instant now) => Tell((peer, at) => peer.AddTrack(track, at), now);

    public void OnLayers(TrackSid track, string cid, int available, in LayerRates rates, Instant now)
    {
        var told = rates;
        Tell((peer, at) => peer.SetLayers(track, cid, available, told, at), now);
    }

    public void OnDemand(TrackSid track, IReadOnlyList<RelayDemand> demand, Instant now)
    {
        Demands.Add((track, demand));
        Tell((peer, at) => peer.SetDemand(track, demand, at), now);
    }

    public void OnWatched(TrackSid track, Instant now) => Watched.Add(track);

    public void OnMessage(DataChannelKind channel, ReadOnlySpan<byte> message, Instant now)
    {
        if (message.Length > sizeof(int))
        {
            // Somebody's data.
            return;
        }

        Assert.True(Other._sent.Remove(BinaryPrimitives.ReadInt32BigEndian(message), out var act));
        act(Peer, now);
    }

    private void Tell(Action<IRelayPeer, Instant> act, Instant now)
    {
        var message = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(message, _next);
        _sent.Add(_next++, act);
        Assert.True(Peer.Send(DataChannelKind.Reliable, default, message, now));
    }
}
