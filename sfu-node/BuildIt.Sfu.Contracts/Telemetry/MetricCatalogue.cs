namespace BuildIt.Sfu.Contracts.Telemetry;

/// <summary>
/// Every metric of the product. What is not here is not exported, and what is here is: tests compare it with the sources, with what the
/// processes answer, with alerts and dashboards, and docs/metrics.md is made from it.
/// </summary>
public static class MetricCatalogue
{
    /// <summary>All of them, by process and name.</summary>
    public static IReadOnlyList<MetricDescription> All { get; } =
    [
        // The operator; those without _operator_ come from the replica that leads.
        new("buildit_condition", MetricKind.Gauge, MetricSource.Operator, MetricUnit.State, "Conditions of fleets and links, and of up to 100 rooms that are not ready: 1 true, 0 false, -1 unknown.", "kind", "namespace", "name", "type"),
        new("buildit_fleet_desired_pods", MetricKind.Gauge, MetricSource.Operator, MetricUnit.Count, "Pods that should take rooms.", "namespace", "cluster"),
        new("buildit_fleet_draining_pods", MetricKind.Gauge, MetricSource.Operator, MetricUnit.Count, "Pods that are being emptied.", "namespace", "cluster"),
        new("buildit_fleet_load_ratio", MetricKind.Gauge, MetricSource.Operator, MetricUnit.Ratio, "The highest load over all measures, as a share of what the ready pods can carry.", "namespace", "cluster"),
        new("buildit_fleet_participants", MetricKind.Gauge, MetricSource.Operator, MetricUnit.Count, "Participants.", "namespace", "cluster"),
        new("buildit_fleet_pods", MetricKind.Gauge, MetricSource.Operator, MetricUnit.Count, "Pods by what is believed about them.", "namespace", "cluster", "state"),
        new("buildit_fleet_registry_up", MetricKind.Gauge, MetricSource.Operator, MetricUnit.State, "1 while the fleet's registry answers.", "namespace", "cluster"),
        new("buildit_fleet_rooms", MetricKind.Gauge, MetricSource.Operator, MetricUnit.Count, "Rooms.", "namespace", "cluster"),
        new("buildit_fleet_turn_up", MetricKind.Gauge, MetricSource.Operator, MetricUnit.State, "1 while the TURN server that the fleet names answers; nothing for fleets that name none.", "namespace", "cluster"),
        new("buildit_operator_admission_requests_total", MetricKind.Counter, MetricSource.Operator, MetricUnit.Count, "Admission reviews answered.", "kind", "result"),
        new("buildit_operator_api_call_seconds", MetricKind.Histogram, MetricSource.Operator, MetricUnit.Seconds, "Time until the Kubernetes API answered.", "verb"),
        new("buildit_operator_api_calls_total", MetricKind.Counter, MetricSource.Operator, MetricUnit.Count, "Calls to the Kubernetes API; code 0 means that no answer came.", "verb", "code"),
        new("buildit_operator_background_faults_total", MetricKind.Counter, MetricSource.Operator, MetricUnit.Count, "Unexpected failures of work that goes on all the time, by work; each is a bug.", "work"),
        new("buildit_operator_cache_objects", MetricKind.Gauge, MetricSource.Operator, MetricUnit.Count, "Objects in the cache.", "kind"),
        new("buildit_operator_counts_waiting", MetricKind.Gauge, MetricSource.Operator, MetricUnit.Count, "Rooms whose status says another number of participants than their pod, and waits for its turn."),
        new("buildit_operator_events_total", MetricKind.Counter, MetricSource.Operator, MetricUnit.Count, "Kubernetes Events by what became of them: created, counted, dropped, failed.", "result"),
        new("buildit_operator_leader", MetricKind.Gauge, MetricSource.Operator, MetricUnit.State, "1 while this process leads."),
        new("buildit_operator_queue_depth", MetricKind.Gauge, MetricSource.Operator, MetricUnit.Count, "Keys that wait to be reconciled.", "controller"),
        new("buildit_operator_queue_latency_seconds", MetricKind.Histogram, MetricSource.Operator, MetricUnit.Seconds, "Time that a key waited beyond its due time.", "controller"),
        new("buildit_operator_reconcile_seconds", MetricKind.Histogram, MetricSource.Operator, MetricUnit.Seconds, "Time that a reconciliation took.", "controller", "result"),
        new("buildit_operator_retries_total", MetricKind.Counter, MetricSource.Operator, MetricUnit.Count, "Failed reconciliations, each of which is retried.", "controller"),
        new("buildit_operator_undecodable_objects_total", MetricKind.Counter, MetricSource.Operator, MetricUnit.Count, "Objects that could not be read into their type and were left out.", "kind"),
        new("buildit_operator_watch_age_seconds", MetricKind.Gauge, MetricSource.Operator, MetricUnit.Seconds, "Time since a watch last heard from the API server.", "kind"),
        new("buildit_operator_watch_restarts_total", MetricKind.Counter, MetricSource.Operator, MetricUnit.Count, "Watches started again, by why: ended, stalled, gone, failed.", "kind", "reason"),
        new("buildit_operator_webhook_certificate_expiry_seconds", MetricKind.Gauge, MetricSource.Operator, MetricUnit.Seconds, "When the webhook's certificate expires, in seconds since 1970."),
        new("buildit_room_failover_seconds", MetricKind.Histogram, MetricSource.Operator, MetricUnit.Seconds, "Time from the death of a room's pod being certain until another serves the room."),
        new("buildit_room_failovers_total", MetricKind.Counter, MetricSource.Operator, MetricUnit.Count, "Rooms that got another pod because theirs died.", "namespace"),
        new("buildit_room_move_seconds", MetricKind.Histogram, MetricSource.Operator, MetricUnit.Seconds, "Time from the decision to move a room until its new pod serves it; people see at most that gap."),
        new("buildit_room_moves_total", MetricKind.Counter, MetricSource.Operator, MetricUnit.Count, "Rooms that moved to another pod while theirs lived, by why: drain, hand.", "namespace", "cause"),
        new("buildit_room_ready_seconds", MetricKind.Histogram, MetricSource.Operator, MetricUnit.Seconds, "Time from the creation of a room until it has a pod."),
        new("buildit_rooms", MetricKind.Gauge, MetricSource.Operator, MetricUnit.Count, "Rooms by phase.", "namespace", "phase"),
        new("buildit_rooms_not_ready", MetricKind.Gauge, MetricSource.Operator, MetricUnit.Count, "Rooms that are not ready and have not ended, by the reason that their condition gives; NoCapacity waits for a pod.", "namespace", "reason"),

        // A node.
        new("buildit_sfu_allocated_bytes_total", MetricKind.Counter, MetricSource.Node, MetricUnit.Bytes, "Bytes allocated by media loops; forwarding adds none.", "loop"),
        new("buildit_sfu_background_faults_total", MetricKind.Counter, MetricSource.Node, MetricUnit.Count, "Unexpected failures of work that goes on all the time, by work; each is a bug.", "work"),
        new("buildit_sfu_bytes_total", MetricKind.Counter, MetricSource.Node, MetricUnit.Bytes, "Bytes in datagrams, by direction.", "direction", "loop"),
        new("buildit_sfu_connection_failures_total", MetricKind.Counter, MetricSource.Node, MetricUnit.Count, "Connections for media that failed, by cause: ice, dtls, srtp.", "cause", "loop"),
        new("buildit_sfu_connections_refused_total", MetricKind.Counter, MetricSource.Node, MetricUnit.Count, "Connections that a port had no place for: those of media are closed, others wait in the kernel.", "port"),
        new("buildit_sfu_connections_total", MetricKind.Counter, MetricSource.Node, MetricUnit.Count, "Connections for media that were made, by whether they lead over a TURN server.", "relayed", "loop"),
        new("buildit_sfu_cpu_ratio", MetricKind.Gauge, MetricSource.Node, MetricUnit.Ratio, "Processor time used, as a share of what the container may use."),
        new("buildit_sfu_handler_faults_total", MetricKind.Counter, MetricSource.Node, MetricUnit.Count, "Exceptions on media loops; each is a bug.", "loop"),
        new("buildit_sfu_join_seconds", MetricKind.Histogram, MetricSource.Node, MetricUnit.Seconds, "Time from joining until media can flow."),
        new("buildit_sfu_joins_total", MetricKind.Counter, MetricSource.Node, MetricUnit.Count, "Attempts to join and to resume by the HTTP status of the answer; 101 got in.", "code"),
        new("buildit_sfu_limited_total", MetricKind.Counter, MetricSource.Node, MetricUnit.Count, "What clients asked for beyond their limits, by limit.", "limit"),
        new("buildit_sfu_loss_ratio", MetricKind.Gauge, MetricSource.Node, MetricUnit.Ratio, "Mean fraction of packets lost on the way to participants; nothing until measured."),
        new("buildit_sfu_memory_ratio", MetricKind.Gauge, MetricSource.Node, MetricUnit.Ratio, "Memory used, as a share of what the container may use."),
        new("buildit_sfu_messages_segmented_total", MetricKind.Counter, MetricSource.Node, MetricUnit.Count, "Messages that carried several datagrams to one destination.", "loop"),
        new("buildit_sfu_nacks_total", MetricKind.Counter, MetricSource.Node, MetricUnit.Count, "Packets that ask for lost media: from clients (in) and to publishers (out).", "direction", "loop"),
        new("buildit_sfu_packets_dropped_total", MetricKind.Counter, MetricSource.Node, MetricUnit.Count, "Datagrams not delivered, by reason.", "reason", "loop"),
        new("buildit_sfu_packets_segmented_total", MetricKind.Counter, MetricSource.Node, MetricUnit.Count, "Datagrams that left in segmented messages.", "loop"),
        new("buildit_sfu_packets_total", MetricKind.Counter, MetricSource.Node, MetricUnit.Count, "Datagrams, by direction.", "direction", "loop"),
        new("buildit_sfu_participants", MetricKind.Gauge, MetricSource.Node, MetricUnit.Count, "Participants connected here."),
        new("buildit_sfu_picture_loss_total", MetricKind.Counter, MetricSource.Node, MetricUnit.Count, "Key frames asked for (PLI, FIR): by clients (in) and of publishers (out).", "direction", "loop"),
        new("buildit_sfu_publishers", MetricKind.Gauge, MetricSource.Node, MetricUnit.Count, "Participants that publish a track."),
        new("buildit_sfu_registry_up", MetricKind.Gauge, MetricSource.Node, MetricUnit.State, "1 while the registry can be reached."),
        new("buildit_sfu_retransmitted_packets_total", MetricKind.Counter, MetricSource.Node, MetricUnit.Count, "Packets sent to clients again.", "loop"),
        new("buildit_sfu_room_participants", MetricKind.Gauge, MetricSource.Node, MetricUnit.Count, "Participants of a room; the 50 largest rooms only.", "room"),
        new("buildit_sfu_room_publishers", MetricKind.Gauge, MetricSource.Node, MetricUnit.Count, "Publishers of a room; the 50 largest rooms only.", "room"),
        new("buildit_sfu_rooms", MetricKind.Gauge, MetricSource.Node, MetricUnit.Count, "Rooms served here."),
        new("buildit_sfu_round_trip_seconds", MetricKind.Gauge, MetricSource.Node, MetricUnit.Seconds, "Mean round-trip time to participants; nothing until measured."),
        new("buildit_sfu_send_calls_total", MetricKind.Counter, MetricSource.Node, MetricUnit.Count, "System calls by which loops sent datagrams.", "loop"),
        new("buildit_sfu_srtp_refused_total", MetricKind.Counter, MetricSource.Node, MetricUnit.Count, "Packets that SRTP refused to protect and that were not sent, by reason; index_reused is a bug.", "reason"),
        new("buildit_sfu_stream_pauses_total", MetricKind.Counter, MetricSource.Node, MetricUnit.Count, "Streams that were paused for want of bandwidth; their viewers see a freeze.", "loop"),

        // The room API.
        new("buildit_roomapi_background_faults_total", MetricKind.Counter, MetricSource.RoomApi, MetricUnit.Count, "Unexpected failures of work that goes on all the time, by work; each is a bug.", "work"),
        new("buildit_roomapi_commits_total", MetricKind.Counter, MetricSource.RoomApi, MetricUnit.Count, "Commits and group infos sent to a room's log, by what became of them.", "message", "outcome"),
        new("buildit_roomapi_join_tokens_total", MetricKind.Counter, MetricSource.RoomApi, MetricUnit.Count, "Join tokens issued, by role.", "role"),
        new("buildit_roomapi_mail_total", MetricKind.Counter, MetricSource.RoomApi, MetricUnit.Count, "Gift wraps sent to mailboxes, by what became of them.", "outcome"),
        new("buildit_roomapi_refused_total", MetricKind.Counter, MetricSource.RoomApi, MetricUnit.Count, "Requests refused, by problem type.", "type"),
        new("buildit_roomapi_registry_up", MetricKind.Gauge, MetricSource.RoomApi, MetricUnit.State, "1 while Redis can be reached."),
        new("buildit_roomapi_request_duration_seconds", MetricKind.Histogram, MetricSource.RoomApi, MetricUnit.Seconds, "Time to answer a request.", "endpoint", "method"),
        new("buildit_roomapi_requests_total", MetricKind.Counter, MetricSource.RoomApi, MetricUnit.Count, "Requests by endpoint and status code.", "endpoint", "method", "code"),
        new("buildit_roomapi_revocations_total", MetricKind.Counter, MetricSource.RoomApi, MetricUnit.Count, "Participants put out, by whether a node confirmed it.", "confirmed"),
        new("buildit_roomapi_room_ready_seconds", MetricKind.Histogram, MetricSource.RoomApi, MetricUnit.Seconds, "Time from creation of a room until it was placed."),
        new("buildit_roomapi_rooms_created_total", MetricKind.Counter, MetricSource.RoomApi, MetricUnit.Count, "Rooms created."),
        new("buildit_roomapi_rooms_not_ready_total", MetricKind.Counter, MetricSource.RoomApi, MetricUnit.Count, "Rooms that were not placed within the deadline."),
        new("buildit_roomapi_rooms_on_demand_total", MetricKind.Counter, MetricSource.RoomApi, MetricUnit.Count, "Rooms created because somebody asked a node for them."),
        new("buildit_roomapi_streams", MetricKind.Gauge, MetricSource.RoomApi, MetricUnit.Count, "Streams of commits that are open."),
    ];
}
