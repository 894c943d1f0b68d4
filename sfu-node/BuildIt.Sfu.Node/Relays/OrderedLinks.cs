using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Node.Configuration;
using BuildIt.Sfu.Node.State;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms;
using BuildIt.Sfu.Signaling.Rooms.Base;
using BuildIt.Sfu.Signaling.Rooms.Events;

namespace BuildIt.Sfu.Node.Relays;

/// <summary>
/// The links that this node was ordered to keep without any room, so that the path between two fleets is measured. Each is a link of a
/// room that nobody can join. Thread-safe.
/// </summary>
public sealed class OrderedLinks(
    NodeSettings settings,
    NodeServices services,
    IMediaRoomFactory media,
    LinkClient client,
    UrgentNews news,
    TimeProvider time,
    BackgroundFaults faults,
    ILogger<OrderedLinks> logger) : IAsyncDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Dictionary<NodeId, Ordered> _links = [];

    /// <summary>Takes orders over; they replace those before.</summary>
    public async Task ApplyAsync(LinkOrders orders, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(orders);
        await _turn.WaitAsync(cancellation);
        try
        {
            var wanted = orders.Links.Where(order => order.Peer != settings.Node).DistinctBy(order => order.Peer).ToDictionary(order => order.Peer);
            foreach (var (peer, link) in _links.ToArray())
            {
                if (!wanted.TryGetValue(peer, out var order) || order != link.Order)
                {
                    Remove(peer);
                    await link.EndAsync();
                }
            }

            foreach (var order in wanted.Values.Where(order => !_links.ContainsKey(order.Peer)))
            {
                var host = await RoomHost.OpenAsync(
                    new RoomOptions { Name = "", EndsWhenEmpty = false, IsEdge = true, NodeName = settings.Node.Value }, services, media, new Nobody(), static _ => { });
                Add(order, new Ordered(order, host, order.Opens ? Open(order, host) : null));
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>The room of the link that a peer was ordered to open, with the seat that says who the peer is; null when there is no such order.</summary>
    internal (RoomHost Host, RoomSeat Peer, TimeSpan Interval)? Find(NodeId peer)
    {
        lock (_links)
        {
            return _links.TryGetValue(peer, out var link) && !link.Order.Opens
                ? (link.Host, SeatOf(link.Order), TimeSpan.FromMilliseconds(link.Order.IntervalMilliseconds))
                : null;
        }
    }

    /// <summary>What is known of every ordered link.</summary>
    internal IReadOnlyList<(LinkOrder Order, RoomHost Host, LinkObstacle? Obstacle)> All()
    {
        lock (_links)
        {
            return [.. _links.Values.Select(link => (link.Order, link.Host, link.Uplink?.Obstacle))];
        }
    }

    public async ValueTask DisposeAsync()
    {
        await ApplyAsync(new LinkOrders(), CancellationToken.None);
        _turn.Dispose();
    }

    private static RoomSeat SeatOf(LinkOrder order) => new()
    {
        Node = order.Peer,
        Region = order.Region,
        Cluster = order.Cluster,
        Role = SeatRole.Origin,
        Endpoint = "",
        Relay = order.Relay,
        RelayOutside = order.RelayOutside,
        RelayFingerprint = order.RelayFingerprint,
    };

    private Uplink Open(LinkOrder order, RoomHost host)
    {
        var peer = SeatOf(order);
        var route = new RoomRoute { Room = new RoomId("link"), Node = order.Peer, Generation = 1, Endpoint = "", Seats = [peer] };
        return new Uplink(host, route, peer, settings.Node, client, news, time, faults, logger)
        {
            ProbeInterval = TimeSpan.FromMilliseconds(order.IntervalMilliseconds),
        };
    }

    private void Add(LinkOrder order, Ordered link)
    {
        lock (_links)
        {
            _links.Add(order.Peer, link);
        }
    }

    private void Remove(NodeId peer)
    {
        lock (_links)
        {
            _links.Remove(peer);
        }
    }

    private sealed record Ordered(LinkOrder Order, RoomHost Host, Uplink? Uplink)
    {
        public async Task EndAsync()
        {
            if (Uplink is not null)
            {
                await Uplink.DisposeAsync();
            }

            await Host.InvokeAsync((core, now) => core.End(DisconnectReason.RoomClosed, RoomEndReason.RoomEndSuperseded, now));
        }
    }

    /// <summary>Nothing happens in such a room.</summary>
    private sealed class Nobody : IRoomObserver;
}
