using BuildIt.Operator.Planning.Topology;
using BuildIt.Operator.Runtime.Caching;
using Prometheus;

namespace BuildIt.Operator.Links;

/// <summary>What the leading operator knows of each RegionLink: as many series as there are such objects.</summary>
internal static class LinkMetrics
{
    private const string There = "a_to_b";
    private const string Back = "b_to_a";

    private static readonly string[] Labels = ["namespace", "link", "direction"];

    private static readonly Gauge Healthy = Prometheus.Metrics.CreateGauge("buildit_link_healthy", "1 while a RegionLink is healthy.", "namespace", "link");
    private static readonly Gauge RoundTrip = Prometheus.Metrics.CreateGauge("buildit_link_round_trip_seconds", "Round trip over a RegionLink.", Labels);
    private static readonly Gauge Loss = Prometheus.Metrics.CreateGauge("buildit_link_loss_ratio", "Share of packets lost over a RegionLink.", Labels);
    private static readonly Gauge Rate = Prometheus.Metrics.CreateGauge("buildit_link_sent_bytes_per_second", "What relays send over a RegionLink each second.", Labels);
    private static readonly Gauge Rooms = Prometheus.Metrics.CreateGauge("buildit_link_rooms", "Rooms relayed over a RegionLink.", Labels);

    public static void Set(ObjectKey link, LinkVerdict verdict, LinkReading aToB, LinkReading bToA, long? sentAToB, long? sentBToA)
    {
        Healthy.WithLabels(link.Namespace, link.Name).Set(verdict.IsHealthy == true ? 1 : 0);
        Set(link, There, aToB, sentAToB);
        Set(link, Back, bToA, sentBToA);
    }

    public static void Forget(ObjectKey link)
    {
        Healthy.RemoveLabelled(link.Namespace, link.Name);
        foreach (var gauge in (ReadOnlySpan<Gauge>)[RoundTrip, Loss, Rate, Rooms])
        {
            gauge.RemoveLabelled(link.Namespace, link.Name, There);
            gauge.RemoveLabelled(link.Namespace, link.Name, Back);
        }
    }

    private static void Set(ObjectKey link, string direction, LinkReading reading, long? sent)
    {
        Put(RoundTrip, link, direction, reading.RoundTrip / 1000);
        Put(Loss, link, direction, reading.Loss);
        Put(Rate, link, direction, sent / 8.0);
        Rooms.WithLabels(link.Namespace, link.Name, direction).Set(reading.Rooms);
    }

    private static void Put(Gauge gauge, ObjectKey link, string direction, double? value)
    {
        if (value is { } known)
        {
            gauge.WithLabels(link.Namespace, link.Name, direction).Set(known);
        }
        else
        {
            gauge.RemoveLabelled(link.Namespace, link.Name, direction);
        }
    }
}
