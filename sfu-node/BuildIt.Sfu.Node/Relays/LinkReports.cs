using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Signaling.Rooms;
using BuildIt.Sfu.Signaling.Rooms.Links;

namespace BuildIt.Sfu.Node.Relays;

/// <summary>
/// How the links of this node stand, one report for each other node: of its rooms' links together, and of the one that was ordered.
/// Refreshed once a second by one caller; reading is cheap. Thread-safe.
/// </summary>
public sealed class LinkReports(RoomDirectory rooms, OrderedLinks ordered)
{
    private volatile IReadOnlyList<LinkReport> _reports = [];

    public IReadOnlyList<LinkReport> Current => _reports;

    /// <summary>Asks every link how it stands.</summary>
    public async Task RefreshAsync()
    {
        var orders = ordered.All();
        var seen = new List<Seen>();
        foreach (var host in rooms.Open.Concat(orders.Select(order => order.Host)))
        {
            seen.AddRange(await host.InvokeAsync((core, now) => core.Links.Where(link => !link.Options.IsInner).Select(link => new Seen(link.Options.Node, host.Name.Length > 0, link.IsUp, link.Path(now))).ToArray()));
        }

        var reports = new List<LinkReport>();
        foreach (var peer in seen.Select(one => one.Node).Concat(orders.Select(order => order.Order.Peer.Value)).Distinct(StringComparer.Ordinal))
        {
            var of = seen.Where(one => one.Node == peer).ToArray();
            var order = orders.FirstOrDefault(one => one.Order.Peer.Value == peer);
            reports.Add(Report(new NodeId(peer), of, order.Order is not null, order.Obstacle));
        }

        _reports = [.. reports.OrderByDescending(report => report.Ordered).ThenByDescending(report => report.Rooms).Take(LinkReport.MaxLinks)];
    }

    private static LinkReport Report(NodeId peer, Seen[] links, bool isOrdered, LinkObstacle? obstacle)
    {
        // The path is one, whichever link measured it; the one that was ordered has nothing else to do.
        var up = links.Where(link => link.IsUp).OrderBy(link => link.HasRoom).ToArray();
        var path = up.Select(link => (RoomLinkPath?)link.Path).FirstOrDefault(path => path!.Value.RoundTrip is not null);
        return new LinkReport
        {
            Peer = peer,
            State = up.Length > 0 ? LinkState.Up : obstacle?.State ?? LinkState.Connecting,
            Ordered = isOrdered,
            Reason = up.Length > 0 ? "" : obstacle?.Reason ?? "the link is not up yet",
            RoundTripMilliseconds = path?.RoundTrip?.TotalMilliseconds,
            JitterMilliseconds = path?.Jitter?.TotalMilliseconds,
            LossFraction = path?.Loss,
            BandwidthBitsPerSecond = up.Any(link => link.Path.Media.PacketsSent > 0) ? up.Max(link => link.Path.Media.Estimate.BitsPerSecond) : null,
            Rooms = up.Count(link => link.HasRoom),
            SentBytes = links.Sum(link => link.Path.Media.BytesSent),
            ReceivedBytes = links.Sum(link => link.Path.Media.BytesReceived),
            SilentSeconds = path?.Silence?.TotalSeconds,
        };
    }

    private readonly record struct Seen(string Node, bool HasRoom, bool IsUp, RoomLinkPath Path);
}
