using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Node.Configuration;
using BuildIt.Sfu.Node.Load;
using BuildIt.Sfu.Node.Relays;
using BuildIt.Sfu.Node.Routing;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms;
using LeaveAction = BuildIt.Sfu.Signaling.Protocol.LeaveRequest.Types.Action;

namespace BuildIt.Sfu.Node.Hosting;

/// <summary>What the rooms of this node amount to. Refreshed before each heartbeat from the loops; reading is cheap. Thread-safe.</summary>
public sealed class NodeActivity(
    RoomDirectory rooms, MediaServer media, NodeSettings settings, TimeProvider time, RouteTable? routes = null, RoomClosings? closings = null, RelayKeeper? relays = null) : INodeActivity
{
    /// <summary>What a room may take to answer; one whose loop is held up is reported as it was before.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(250);

    private readonly Dictionary<RoomHost, Task<Figures>> _asked = [];
    private readonly Dictionary<RoomHost, Figures> _figures = [];
    private readonly Dictionary<RoomHost, (long In, long Out)> _rates = [];
    private volatile IReadOnlyList<RoomReport> _reports = [];

    /// <summary>Rooms that are over count no more.</summary>
    public int Rooms => _reports.Count(report => !report.EndRequested);

    public int Participants => _reports.Sum(report => report.Participants);

    public int Publishers => _reports.Sum(report => report.Publishers);

    public int Subscribers => _reports.Sum(report => report.Subscribers);

    public long BytesReceived => media.Loops.Sum(loop => loop.Statistics.BytesReceived);

    public long BytesSent => media.Loops.Sum(loop => loop.Statistics.BytesSent);

    public IReadOnlyList<RoomReport> Reports() => _reports;

    /// <summary>Asks every room for its report. One caller at a time.</summary>
    public async Task RefreshAsync()
    {
        var open = rooms.Open.ToHashSet();
        foreach (var gone in _figures.Keys.Concat(_asked.Keys).Where(room => !open.Contains(room)).ToList())
        {
            _figures.Remove(gone);
            _rates.Remove(gone);
            _asked.Remove(gone);
        }

        foreach (var room in open)
        {
            // Not again before it has answered: nothing piles up on a loop that is held up.
            if (!_asked.ContainsKey(room))
            {
                _asked.Add(room, room.InvokeAsync(Count));
            }
        }

        await Task.WhenAny(Task.WhenAll(_asked.Values), Task.Delay(Patience, time));
        foreach (var (room, answer) in _asked.Where(asked => asked.Value.IsCompleted).ToList())
        {
            _asked.Remove(room);
            if (answer.IsCompletedSuccessfully)
            {
                if (_figures.TryGetValue(room, out var before))
                {
                    _rates[room] = RatesOf(before, answer.Result, _rates.GetValueOrDefault(room));
                }

                _figures[room] = answer.Result;
            }
        }

        var reports = new List<RoomReport>();
        foreach (var (room, figures) in _figures)
        {
            reports.Add(Report(new RoomId(room.Name), figures, _rates.GetValueOrDefault(room)));
        }

        foreach (var (room, generation) in closings?.Pending ?? [])
        {
            reports.RemoveAll(report => report.Room == room);
            reports.Add(new RoomReport { Room = room, Generation = generation, EndRequested = true });
        }

        _reports = reports;
    }

    public void ReconnectEverybody()
    {
        foreach (var room in rooms.Open)
        {
            // The outcome of each is seen in the next reports; a room that ends meanwhile has nobody left to ask.
            _ = room.InvokeAsync((core, now) => core.SendAway(int.MaxValue, DisconnectReason.ServerShutdown, LeaveAction.Reconnect, now));
        }
    }

    /// <summary>On the room's loop, which belongs to media: what is made of the figures is made elsewhere.</summary>
    private static Figures Count(RoomCore core, Instant now) => new(
        core.Figures.ParticipantCount,
        core.Figures.PublisherCount,
        core.Figures.SubscriberCount,
        core.Figures.IsEndToEndEncrypted,
        core.Figures.EverJoined,
        core.Figures.EmptyFor(now)?.TotalSeconds,
        core.Figures.ParticipantTime(now).TotalSeconds,
        core.Figures.Traffic,
        core.Figures.Relayed,
        core.Figures.Arrivals(),

        // The operator looks for another way from then on, before this node gives the one that it has up.
        core.Figures.ParentSilence(now) is { } silence && silence >= IRelayPeer.SuspectAfter ? silence : null,
        now);

    private RoomReport Report(RoomId room, in Figures figures, (long In, long Out) rates) => new()
    {
        Room = room,
        Generation = routes is not null && routes.TryFind(room, out var route) && route.Names(routes.Self) ? route.Generation : 0,
        Participants = figures.Participants,
        Publishers = figures.Publishers,
        Subscribers = figures.Subscribers,
        EndToEndEncrypted = figures.EndToEndEncrypted,
        EverJoined = figures.EverJoined,
        EmptySeconds = figures.EmptySeconds,
        ParticipantSeconds = figures.ParticipantSeconds,
        ParentConnected = relays?.IsFed(room) is { } isFed ? isFed && figures.ParentSilence is null : null,
        ParentSilentSeconds = figures.ParentSilence?.TotalSeconds,
        Arrivals = figures.Arrivals.Keys.Any(region => region.Length > 0)
            ?
            [
                .. figures.Arrivals.Take(RoomReport.MaxArrivals).Select(arrival => new RegionArrivals
                {
                    Region = arrival.Key.Length > 0 ? arrival.Key : settings.Region,
                    Participants = arrival.Value.Participants,
                    Publishers = arrival.Value.Publishers,
                }),
            ]
            : [],
        IngressBytes = figures.Traffic.BytesReceived,
        EgressBytes = figures.Traffic.BytesSent,
        Relays = [.. figures.Relayed.Where(fleet => fleet.Value > 0).Take(RoomReport.MaxRelays).Select(fleet => new RelayedBytes { Cluster = fleet.Key, SentBytes = fleet.Value })],
        IngressBitsPerSecond = rates.In,
        EgressBitsPerSecond = rates.Out,
        RoundTripMilliseconds = figures.Traffic.RoundTrip?.TotalMilliseconds,
        LossFraction = figures.Traffic.Loss,
    };

    /// <summary>What a room carries in bits per second, averaged over some seconds as the node's own load is.</summary>
    private static (long In, long Out) RatesOf(in Figures before, in Figures after, (long In, long Out) rates)
    {
        var seconds = (after.At - before.At).TotalSeconds;
        return seconds <= 0
            ? rates
            : (Smooth(rates.In, after.Traffic.BytesReceived - before.Traffic.BytesReceived, seconds),
                Smooth(rates.Out, after.Traffic.BytesSent - before.Traffic.BytesSent, seconds));
    }

    private static long Smooth(long rate, long bytes, double seconds) => (long)Math.Max(0, LoadMonitor.Smooth(rate, bytes * 8 / seconds, seconds));

    private readonly record struct Figures(
        int Participants,
        int Publishers,
        int Subscribers,
        bool EndToEndEncrypted,
        bool EverJoined,
        double? EmptySeconds,
        double ParticipantSeconds,
        RoomTraffic Traffic,
        IReadOnlyDictionary<string, long> Relayed,
        IReadOnlyDictionary<string, (int Participants, int Publishers)> Arrivals,
        TimeSpan? ParentSilence,
        Instant At);
}
