using Prometheus;

namespace BuildIt.RoomApi.Telemetry;

/// <summary>Metrics named <c>buildit_roomapi_*</c>. Labels are words of ours, never of a caller. Thread-safe.</summary>
public sealed class RoomApiMetrics
{
    private static readonly double[] Buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    public RoomApiMetrics()
    {
        var metrics = Metrics.WithCustomRegistry(Registry);
        Requests = metrics.CreateCounter("buildit_roomapi_requests_total", "Requests by endpoint and status code.", "endpoint", "method", "code");
        Duration = metrics.CreateHistogram(
            "buildit_roomapi_request_duration_seconds",
            "Time to answer a request.",
            new HistogramConfiguration { LabelNames = ["endpoint", "method"], Buckets = Buckets });
        Refused = metrics.CreateCounter("buildit_roomapi_refused_total", "Requests refused, by problem type.", "type");
        RoomsCreated = metrics.CreateCounter("buildit_roomapi_rooms_created_total", "Rooms created.");
        RoomsOnDemand = metrics.CreateCounter("buildit_roomapi_rooms_on_demand_total", "Rooms created because somebody asked a node for them.");
        ReadySeconds = metrics.CreateHistogram(
            "buildit_roomapi_room_ready_seconds",
            "Time from creation of a room until it was placed.",
            new HistogramConfiguration { Buckets = Buckets });
        NotReady = metrics.CreateCounter("buildit_roomapi_rooms_not_ready_total", "Rooms that were not placed within the deadline.");
        Tokens = metrics.CreateCounter("buildit_roomapi_join_tokens_total", "Join tokens issued, by role.", "role");
        Revocations = metrics.CreateCounter("buildit_roomapi_revocations_total", "Participants put out, by whether a node confirmed it.", "confirmed");
        Commits = metrics.CreateCounter(
            "buildit_roomapi_commits_total", "Commits and group infos sent to a room's log, by what became of them.", "message", "outcome");
        Mail = metrics.CreateCounter("buildit_roomapi_mail_total", "Gift wraps sent to mailboxes, by what became of them.", "outcome");
        Streams = metrics.CreateGauge("buildit_roomapi_streams", "Streams of commits that are open.");

        // Counters that appear with the first event have not increased yet, to whoever watches them.
        Revocations.WithLabels("true");
        Revocations.WithLabels("false");
        BackgroundFaults = metrics.CreateCounter(
            "buildit_roomapi_background_faults_total", "Unexpected failures of work that goes on all the time, by work; each is a bug.", "work");
        RegistryUp = metrics.CreateGauge("buildit_roomapi_registry_up", "1 while Redis can be reached.");
    }

    public CollectorRegistry Registry { get; } = Metrics.NewCustomRegistry();

    public Counter Requests { get; }

    public Histogram Duration { get; }

    public Counter Refused { get; }

    public Counter RoomsCreated { get; }

    public Counter RoomsOnDemand { get; }

    public Histogram ReadySeconds { get; }

    public Counter NotReady { get; }

    public Counter Tokens { get; }

    public Counter Revocations { get; }

    public Counter Commits { get; }

    public Counter Mail { get; }

    public Gauge Streams { get; }

    public Counter BackgroundFaults { get; }

    public Gauge RegistryUp { get; }
}
