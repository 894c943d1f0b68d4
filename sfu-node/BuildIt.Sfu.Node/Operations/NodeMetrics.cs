using System.Text.Json;
using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Media.Transport;
using BuildIt.Sfu.Node.Configuration;
using BuildIt.Sfu.Node.Connections;
using BuildIt.Sfu.Node.Hosting;
using BuildIt.Sfu.Node.Load;
using BuildIt.Sfu.Node.Parts;
using BuildIt.Sfu.Node.Registry;
using BuildIt.Sfu.Node.Relays;
using BuildIt.Sfu.Node.State;
using BuildIt.Sfu.Signaling.Rooms.Limits;
using BuildIt.Sfu.Signaling.Webhooks;
using Prometheus;

namespace BuildIt.Sfu.Node.Operations;

/// <summary>
/// What Prometheus reads of a node. Loops write plain counters; a scrape copies them here. Rooms appear by name in a bounded
/// number: the largest ones, so that many small rooms cannot fill a monitoring system. Thread-safe.
/// </summary>
public sealed class NodeMetrics
{
    /// <summary>Rooms that have series of their own at a time.</summary>
    public const int MaxRooms = 50;

    private readonly MediaServer _media;
    private readonly LoadMonitor _load;
    private readonly INodeActivity _activity;
    private readonly INodeRegistry _registryState;
    private readonly LimitCounters _limits;
    private readonly BackgroundFaults _backgroundFaults;
    private readonly WebhookSender _webhooks;
    private readonly ConnectionLimits _connections;
    private readonly JoinMeter _meter;
    private readonly Lock _lock = new();

    private readonly Gauge _rooms;
    private readonly Gauge _participants;
    private readonly Gauge _publishers;
    private readonly Gauge _cpu;
    private readonly Gauge _memory;
    private readonly Gauge _registryUp;
    private readonly Gauge _roomParticipants;
    private readonly Gauge _roomPublishers;
    private readonly Counter _packets;
    private readonly Counter _bytes;
    private readonly Counter _dropped;
    private readonly Counter _segmented;
    private readonly Counter _segmentedMessages;
    private readonly Counter _sendCalls;
    private readonly Counter _allocated;
    private readonly Counter _faults;
    private readonly Counter _limited;
    private readonly Counter _background;
    private readonly Counter _refused;
    private readonly Counter _unprotected;
    private readonly Counter _nacks;
    private readonly Counter _pictureLoss;
    private readonly Counter _retransmitted;
    private readonly Counter _pauses;
    private readonly Counter _connected;
    private readonly Counter _connectionFailures;
    private readonly Counter _joins;
    private readonly Histogram _joinSeconds;
    private readonly Gauge _roundTrip;
    private readonly Gauge _loss;
    private readonly Gauge _linkUp;
    private readonly Gauge _linkRooms;
    private readonly Gauge _linkRoundTrip;
    private readonly Gauge _linkLoss;
    private readonly Gauge _linkEstimate;
    private readonly Gauge _busy;
    private readonly Gauge _partCount;
    private readonly Counter _innerBytes;
    private readonly LinkReports? _links;
    private readonly PartKeeper _parts;

    public NodeMetrics(
        NodeSettings settings, MediaServer media, LoadMonitor load, INodeActivity activity, INodeRegistry registry, LimitCounters limits,
        BackgroundFaults backgroundFaults, WebhookSender webhooks, ConnectionLimits connections, JoinMeter meter, PartKeeper parts,
        LinkReports? links = null)
    {
        _parts = parts;
        _meter = meter;
        _media = media;
        _load = load;
        _activity = activity;
        _registryState = registry;
        _limits = limits;
        _backgroundFaults = backgroundFaults;
        _webhooks = webhooks;
        _connections = connections;
        _links = links;
        Registry = Metrics.NewCustomRegistry();
        Registry.SetStaticLabels(new Dictionary<string, string> { ["node"] = settings.Node.Value, ["region"] = settings.Region });
        var metrics = Metrics.WithCustomRegistry(Registry);
        _rooms = metrics.CreateGauge("buildit_sfu_rooms", "Rooms served here.");
        _participants = metrics.CreateGauge("buildit_sfu_participants", "Participants connected here.");
        _publishers = metrics.CreateGauge("buildit_sfu_publishers", "Participants that publish a track.");
        _cpu = metrics.CreateGauge("buildit_sfu_cpu_ratio", "Processor time used, as a share of what the container may use.");
        _memory = metrics.CreateGauge("buildit_sfu_memory_ratio", "Memory used, as a share of what the container may use.");
        _registryUp = metrics.CreateGauge("buildit_sfu_registry_up", "1 while the registry can be reached.");
        _roomParticipants = metrics.CreateGauge("buildit_sfu_room_participants", $"Participants of a room; the {MaxRooms} largest rooms only.", "room");
        _roomPublishers = metrics.CreateGauge("buildit_sfu_room_publishers", $"Publishers of a room; the {MaxRooms} largest rooms only.", "room");
        _packets = metrics.CreateCounter("buildit_sfu_packets_total", "Datagrams, by direction.", "direction", "loop");
        _bytes = metrics.CreateCounter("buildit_sfu_bytes_total", "Bytes in datagrams, by direction.", "direction", "loop");
        _dropped = metrics.CreateCounter("buildit_sfu_packets_dropped_total", "Datagrams not delivered, by reason.", "reason", "loop");
        _segmented = metrics.CreateCounter("buildit_sfu_packets_segmented_total", "Datagrams that left in segmented messages.", "loop");
        _segmentedMessages = metrics.CreateCounter("buildit_sfu_messages_segmented_total", "Messages that carried several datagrams to one destination.", "loop");
        _sendCalls = metrics.CreateCounter("buildit_sfu_send_calls_total", "System calls by which loops sent datagrams.", "loop");
        _allocated = metrics.CreateCounter("buildit_sfu_allocated_bytes_total", "Bytes allocated by media loops; forwarding adds none.", "loop");
        _faults = metrics.CreateCounter("buildit_sfu_handler_faults_total", "Exceptions on media loops; each is a bug.", "loop");
        _limited = metrics.CreateCounter("buildit_sfu_limited_total", "What clients asked for beyond their limits, by limit.", "limit");
        _refused = metrics.CreateCounter("buildit_sfu_connections_refused_total", "Connections that a port had no place for: those of media are closed, others wait in the kernel.", "port");
        _background = metrics.CreateCounter("buildit_sfu_background_faults_total", "Unexpected failures of work that goes on all the time, by work; each is a bug.", "work");
        _linkUp = metrics.CreateGauge("buildit_sfu_link_up", "1 while there is a link to another node; 256 links at most.", "peer");
        _linkRooms = metrics.CreateGauge("buildit_sfu_link_rooms", "Rooms that are relayed over a link.", "peer");
        _linkRoundTrip = metrics.CreateGauge("buildit_sfu_link_round_trip_seconds", "Round trip to another node, smoothed.", "peer");
        _linkLoss = metrics.CreateGauge("buildit_sfu_link_loss_ratio", "Share of probes over a link that were not answered, over the last seconds.", "peer");
        _linkEstimate = metrics.CreateGauge("buildit_sfu_link_estimate_bytes_per_second", "What a link is thought to carry each second; 0 while nothing was sent to tell.", "peer");
        _busy = metrics.CreateGauge("buildit_sfu_loop_busy_ratio", "Share of a core that a media loop used over the last second.", "loop");
        _partCount = metrics.CreateGauge("buildit_sfu_room_parts", "Parts of rooms on further loops than the room's first.");
        _innerBytes = metrics.CreateCounter("buildit_sfu_inner_bytes_total", "Bytes in datagrams between loops of this node, received and sent: of rooms with several parts.", "loop");
        _unprotected = metrics.CreateCounter(
            "buildit_sfu_srtp_refused_total", "Packets that SRTP refused to protect and that were not sent, by reason; index_reused is a bug.", "reason");
        _nacks = metrics.CreateCounter("buildit_sfu_nacks_total", "Packets that ask for lost media: from clients (in) and to publishers (out).", "direction", "loop");
        _pictureLoss = metrics.CreateCounter("buildit_sfu_picture_loss_total", "Key frames asked for (PLI, FIR): by clients (in) and of publishers (out).", "direction", "loop");
        _retransmitted = metrics.CreateCounter("buildit_sfu_retransmitted_packets_total", "Packets sent to clients again.", "loop");
        _pauses = metrics.CreateCounter("buildit_sfu_stream_pauses_total", "Streams that were paused for want of bandwidth; their viewers see a freeze.", "loop");
        _connected = metrics.CreateCounter("buildit_sfu_connections_total", "Connections for media that were made, by whether they lead over a TURN server.", "relayed", "loop");
        _connectionFailures = metrics.CreateCounter("buildit_sfu_connection_failures_total", "Connections for media that failed, by cause: ice, dtls, srtp.", "cause", "loop");
        _joins = metrics.CreateCounter("buildit_sfu_joins_total", "Attempts to join and to resume by the HTTP status of the answer; 101 got in.", "code");
        _joinSeconds = metrics.CreateHistogram(
            "buildit_sfu_join_seconds", "Time from joining until media can flow.", new HistogramConfiguration { Buckets = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20] });
        _roundTrip = metrics.CreateGauge("buildit_sfu_round_trip_seconds", "Mean round-trip time to participants; nothing until measured.");
        _loss = metrics.CreateGauge("buildit_sfu_loss_ratio", "Mean fraction of packets lost on the way to participants; nothing until measured.");
    }

    public CollectorRegistry Registry { get; }

    /// <summary>Copies the present values into the registry.</summary>
    public void Collect()
    {
        lock (_lock)
        {
            var load = _load.Current;
            _rooms.Set(load.Rooms);
            _participants.Set(load.Participants);
            _publishers.Set(load.Publishers);
            _cpu.Set(load.Cpu);
            _memory.Set(load.Memory);
            _registryUp.Set(_registryState.Reachable ? 1 : 0);
            CollectRooms();
            CollectLinks();
            foreach (var limit in Enum.GetValues<ClientLimit>())
            {
                _limited.WithLabels(JsonNamingPolicy.SnakeCaseLower.ConvertName(limit.ToString())).IncTo(_limits[limit]);
            }

            _refused.WithLabels("media").IncTo(_media.Loops.Sum(loop => loop.Statistics.TcpRejected));
            foreach (var limit in _connections.All)
            {
                _refused.WithLabels(JsonNamingPolicy.SnakeCaseLower.ConvertName(limit.Listener.ToString())).IncTo(limit.Waited);
            }

            _background.WithLabels("webhooks").IncTo(_webhooks.Faults);
            foreach (var (work, count) in _backgroundFaults.Counts)
            {
                _background.WithLabels(work).IncTo(count);
            }

            foreach (var error in Enum.GetValues<SrtpError>().Where(error => error != SrtpError.None))
            {
                _unprotected.WithLabels(JsonNamingPolicy.SnakeCaseLower.ConvertName(error.ToString())).IncTo(_media.SrtpRefusals[error]);
            }

            CollectJoins();
            CollectMedia();
            _partCount.Set(_parts.Count);
            var busy = _parts.Busy;
            foreach (var loop in _media.Loops)
            {
                var name = loop.Index.ToString(System.Globalization.CultureInfo.InvariantCulture);
                var counters = loop.Statistics;
                _packets.WithLabels("in", name).IncTo(counters.PacketsReceived);
                _packets.WithLabels("out", name).IncTo(counters.PacketsSent);
                _bytes.WithLabels("in", name).IncTo(counters.BytesReceived);
                _bytes.WithLabels("out", name).IncTo(counters.BytesSent);
                _innerBytes.WithLabels(name).IncTo(counters.InnerBytes);
                _busy.WithLabels(name).Set(busy[loop.Index]);
                _dropped.WithLabels("unroutable", name).IncTo(counters.Unroutable);
                _dropped.WithLabels("send_queue", name).IncTo(counters.SendQueueDropped);
                _dropped.WithLabels("send_error", name).IncTo(counters.SendErrors);
                _dropped.WithLabels("hand_over", name).IncTo(counters.HandOverDropped);
                _segmented.WithLabels(name).IncTo(counters.SegmentedPackets);
                _segmentedMessages.WithLabels(name).IncTo(counters.SegmentedRuns);
                _sendCalls.WithLabels(name).IncTo(counters.SendCalls);
                _allocated.WithLabels(name).IncTo(counters.AllocatedBytes);
                _faults.WithLabels(name).IncTo(counters.HandlerFaults);
            }
        }
    }

    private void CollectJoins()
    {
        foreach (var (code, count) in _meter.Answers)
        {
            _joins.WithLabels(code.ToString(System.Globalization.CultureInfo.InvariantCulture)).IncTo(count);
        }

        while (_meter.TryTake(out var seconds))
        {
            _joinSeconds.Observe(seconds);
        }
    }

    private void CollectMedia()
    {
        for (var i = 0; i < _media.Counters.Count; i++)
        {
            var (name, counters) = (i.ToString(System.Globalization.CultureInfo.InvariantCulture), _media.Counters[i]);
            _nacks.WithLabels("in", name).IncTo(counters.NacksReceived);
            _nacks.WithLabels("out", name).IncTo(counters.NacksSent);
            _pictureLoss.WithLabels("in", name).IncTo(counters.PictureLossReceived);
            _pictureLoss.WithLabels("out", name).IncTo(counters.PictureLossSent);
            _retransmitted.WithLabels(name).IncTo(counters.Retransmitted);
            _pauses.WithLabels(name).IncTo(counters.Pauses);
            _connected.WithLabels("true", name).IncTo(counters.Relayed);
            _connected.WithLabels("false", name).IncTo(counters.Connected - counters.Relayed);
            foreach (var cause in Enum.GetValues<TransportFailure>())
            {
                _connectionFailures.WithLabels(JsonNamingPolicy.SnakeCaseLower.ConvertName(cause.ToString()), name).IncTo(counters.Failures(cause));
            }
        }

        var measured = _activity.Reports().Where(report => report is { Participants: > 0, RoundTripMilliseconds: not null, LossFraction: not null }).ToList();
        if (measured.Sum(report => report.Participants) is > 0 and var people)
        {
            _roundTrip.Set(measured.Sum(report => report.RoundTripMilliseconds!.Value * report.Participants) / people / 1000);
            _loss.Set(measured.Sum(report => report.LossFraction!.Value * report.Participants) / people);
        }
        else
        {
            _roundTrip.Unpublish();
            _loss.Unpublish();
        }
    }

    private void CollectLinks()
    {
        var links = (_links?.Current ?? []).ToDictionary(link => link.Peer.Value);
        foreach (var labels in _linkUp.GetAllLabelValues().Where(labels => !links.ContainsKey(labels[0])).ToList())
        {
            foreach (var gauge in new[] { _linkUp, _linkRooms, _linkRoundTrip, _linkLoss, _linkEstimate })
            {
                gauge.RemoveLabelled(labels);
            }
        }

        foreach (var (peer, link) in links)
        {
            _linkUp.WithLabels(peer).Set(link.State == LinkState.Up ? 1 : 0);
            _linkRooms.WithLabels(peer).Set(link.Rooms);
            _linkRoundTrip.WithLabels(peer).Set((link.RoundTripMilliseconds ?? 0) / 1000);
            _linkLoss.WithLabels(peer).Set(link.LossFraction ?? 0);
            _linkEstimate.WithLabels(peer).Set((link.BandwidthBitsPerSecond ?? 0) / 8);
        }
    }

    private void CollectRooms()
    {
        var largest = _activity.Reports().OrderByDescending(report => report.Participants).Take(MaxRooms).ToDictionary(report => report.Room.ToString());
        foreach (var labels in _roomParticipants.GetAllLabelValues().Where(labels => !largest.ContainsKey(labels[0])).ToList())
        {
            _roomParticipants.RemoveLabelled(labels);
            _roomPublishers.RemoveLabelled(labels);
        }

        foreach (var (room, report) in largest)
        {
            _roomParticipants.WithLabels(room).Set(report.Participants);
            _roomPublishers.WithLabels(room).Set(report.Publishers);
        }
    }
}
