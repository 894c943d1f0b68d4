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

    private readonly Dictionary<RoomHost, Task<PartFigures>> _asked = [];
    private readonly Dictionary<RoomHost, PartFigures> _figures = [];
    private readonly Dictionary<RoomHost, (long In, long Out)> _rates = [];

    // What the parts of open rooms carried that are closed, by the room's home.
    private readonly Dictionary<RoomHost, PartFigures> _past = [];

    // Each part that was open last, with its home.
    private Dictionary<RoomHost, RoomHost> _homes = [];
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
        var homes = rooms.Open.ToHashSet();
        var open = homes.SelectMany(home => home.WithParts.Select(part => (Part: part, Home: home))).ToDictionary(one => one.Part, one => one.Home);
        foreach (var gone in _figures.Keys.Concat(_asked.Keys).Where(room => !open.ContainsKey(room)).ToHashSet())
        {
            // A part closes when nobody has been in it for some time: what it said last is all there is.
            if (_homes.TryGetValue(gone, out var of) && of != gone && homes.Contains(of) && _figures.TryGetValue(gone, out var last))
            {
                _past[of] = _past.TryGetValue(of, out var before) ? before.With(last.Rest()) : last.Rest();
            }

            _past.Remove(gone);
            _figures.Remove(gone);
            _rates.Remove(gone);
            _asked.Remove(gone);
        }

        _homes = open;
        foreach (var room in open.Keys)
        {
            // Not again before it has answered: nothing piles up on a loop that is held up.
            if (!_asked.ContainsKey(room))
            {
                _asked.Add(room, room.InvokeAsync(PartFigures.Of));
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
        foreach (var (room, figures) in _figures.Where(known => homes.Contains(known.Key)))
        {
            reports.Add(Report(new RoomId(room.Name), Whole(room, figures), RatesOf(room)));
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
        foreach (var room in rooms.Open.SelectMany(home => home.WithParts))
        {
            // The outcome of each is seen in the next reports; a room that ends meanwhile has nobody left to ask.
            _ = room.InvokeAsync((core, now) => core.SendAway(int.MaxValue, DisconnectReason.ServerShutdown, LeaveAction.Reconnect, now));
        }
    }

    /// <summary>The figures of a room with those of its parts, those that there are and those that are closed.</summary>
    private PartFigures Whole(RoomHost home, PartFigures figures)
    {
        foreach (var part in home.Parts)
        {
            if (_figures.TryGetValue(part, out var further))
            {
                figures = figures.With(further);
            }
        }

        return _past.TryGetValue(home, out var past) ? figures.With(past) : figures;
    }

    private (long In, long Out) RatesOf(RoomHost home)
    {
        var (received, sent) = (0L, 0L);
        foreach (var part in home.WithParts)
        {
            var rates = _rates.GetValueOrDefault(part);
            (received, sent) = (received + rates.In, sent + rates.Out);
        }

        return (received, sent);
    }

    private RoomReport Report(RoomId room, in PartFigures figures, (long In, long Out) rates) => new()
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
    private static (long In, long Out) RatesOf(in PartFigures before, in PartFigures after, (long In, long Out) rates)
    {
        var seconds = (after.At - before.At).TotalSeconds;
        return seconds <= 0
            ? rates
            : (Smooth(rates.In, after.Traffic.BytesReceived - before.Traffic.BytesReceived, seconds),
                Smooth(rates.Out, after.Traffic.BytesSent - before.Traffic.BytesSent, seconds));
    }

    private static long Smooth(long rate, long bytes, double seconds) => (long)Math.Max(0, LoadMonitor.Smooth(rate, bytes * 8 / seconds, seconds));
}
