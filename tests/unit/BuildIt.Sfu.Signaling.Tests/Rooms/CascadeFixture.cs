using BuildIt.Sfu.Media.Allocation;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Base;
using BuildIt.Sfu.Signaling.Rooms.Links;
using BuildIt.Sfu.Signaling.Tests.Media;

namespace BuildIt.Sfu.Signaling.Tests.Rooms;

/// <summary>One room at several nodes in virtual time; messages between them are carried when the test says so.</summary>
internal sealed class CascadeFixture
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);

    private readonly List<Wire> _wires = [];

    /// <param name="nodes">How many; the first is the origin.</param>
    /// <param name="options">How the room behaves.</param>
    public CascadeFixture(int nodes, Func<RoomOptions, RoomOptions>? options = null) => Nodes =
    [
        .. Enumerable.Range(0, nodes).Select(i =>
        {
            var basic = new RoomOptions { Name = "room", NodeName = $"node-{i}", IsEdge = i > 0, EndsWhenEmpty = false };
            return new RoomFixture(options?.Invoke(basic) ?? basic, node: $"{(char)('a' + i)}");
        }),
    ];

    public IReadOnlyList<RoomFixture> Nodes { get; }

    /// <summary>Joins two nodes, or two parts of the room at one node; messages of before are carried.</summary>
    public Wire Link(int parent, int child, bool isInner = false)
    {
        var wire = new Wire(Nodes[parent], Nodes[child], parent, child, isInner);
        _wires.Add(wire);
        wire.Up();
        Carry();
        return wire;
    }

    /// <summary>Carries all that was said, and what that leads to.</summary>
    public void Carry()
    {
        for (var rounds = 0; _wires.Any(wire => wire.Carry()); rounds++)
        {
            Assert.True(rounds < 1000, "messages go in circles");
        }
    }

    public void Advance(TimeSpan span)
    {
        for (var left = span; left > TimeSpan.Zero; left -= Step)
        {
            foreach (var node in Nodes)
            {
                node.Advance(left < Step ? left : Step);
            }

            Carry();
        }
    }

    /// <summary>What media would tell the links of a node of a track that can be had.</summary>
    public void Offer(int node, TrackInfo info, string participant)
    {
        var track = new RelayTrack(
            new PublishedTrack
            {
                Sid = new TrackSid(info.Sid),
                Publisher = new ParticipantSid(participant),
                Kind = info.Type == TrackType.Audio ? TrackKind.Audio : TrackKind.Video,
                Origin = TrackOrigin.Camera,
                Encodings = [new PublishedEncoding("cid", "vp8", [new PublishedLayer(VideoQualityLevel.Low, 320, 180, 100_000, "q")])],
            },
            info.Muted,
            [new RelayEncoding("cid", [new RelayCodec("VP8", 90_000, 1)], [new RelayStream(0, 1, 2), new RelayStream(1, 3, 4)])]);
        foreach (var wire in _wires)
        {
            wire.EndAt(node)?.Peer.Events.OnTrack(track, Nodes[node].Now);
        }

        Carry();
    }

    public IEnumerable<string> Everybody(int node) =>
        Nodes[node].Room.ListParticipants().Select(p => p.Identity).Order(StringComparer.Ordinal);

    /// <summary>A link between two nodes.</summary>
    internal sealed class Wire
    {
        private bool _cut;

        public Wire(RoomFixture parent, RoomFixture child, int parentPlace, int childPlace, bool isInner)
        {
            Parent = new End(parent, parentPlace, childPlace, isChild: false, isInner);
            Child = new End(child, childPlace, parentPlace, isChild: true, isInner);
        }

        public End Parent { get; }

        public End Child { get; }

        public void Up()
        {
            Parent.Peer.Events.OnUp(Parent.Room.Now);
            Child.Peer.Events.OnUp(Child.Room.Now);
        }

        /// <summary>Nothing arrives any more; both ends notice.</summary>
        public void Cut()
        {
            _cut = true;
            Parent.Peer.Events.OnDown(RelayFailure.Silence, Parent.Room.Now);
            Child.Peer.Events.OnDown(RelayFailure.Silence, Child.Room.Now);
        }

        public End? EndAt(int node) => Parent.Node == node ? Parent : Child.Node == node ? Child : null;

        public bool Carry() => Carry(Parent, Child) | Carry(Child, Parent);

        private bool Carry(End from, End to)
        {
            var any = false;
            while (from.Peer.TryTake(out var channel, out var message))
            {
                any = true;
                if (!_cut)
                {
                    to.Peer.Events.OnMessage(channel, message, to.Room.Now);
                }
            }

            return any;
        }
    }

    internal sealed class End
    {
        public End(RoomFixture room, int node, int other, bool isChild, bool isInner)
        {
            Node = node;
            Room = room;
            Link = Room.Room.OpenLink(
                new RoomLinkOptions($"node-{other}", isChild) { IsInner = isInner }, (link, _) => Changes.Add((link.IsUp, link.IsComplete, link.IsClosed)), Room.Now);
            Peer = Room.Media.Relays[^1];
        }

        public int Node { get; }

        public RoomFixture Room { get; }

        public RoomLink Link { get; }

        public FakeRelayPeer Peer { get; }

        public List<(bool IsUp, bool IsComplete, bool IsClosed)> Changes { get; } = [];
    }
}
