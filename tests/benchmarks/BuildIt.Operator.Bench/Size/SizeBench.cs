using System.Text.Json;
using BuildIt.Operator.Api;
using BuildIt.Operator.Bench.Planning;
using BuildIt.Operator.Fleets;
using BuildIt.Operator.Runtime.Client;
using k8s;
using k8s.Models;

namespace BuildIt.Operator.Bench.Size;

/// <summary>What the rounds of 10 fleets of 1,000 pods with 100,000 rooms cost beside their plans, and what a cached object holds.</summary>
internal static class SizeBench
{
    public static IEnumerable<Measurement> Measure()
    {
        var world = new SizeWorld();
        yield return Round("all 10,000 pods report anew", 300_000_000, world, world.AllReport);
        yield return Round("one pod reports", 300_000_000, world, world.OneReports);
        yield return Round("nothing new in 10 rounds", 300_000_000, world, world.NothingNew);
    }

    /// <summary>What one object of a cache holds.</summary>
    public static IEnumerable<string> Hold()
    {
        yield return HeldMemory.Of("a pod as the server sends it", number => Read<V1Pod>(SentObjects.Pod(number)));
        yield return HeldMemory.Of("a room as the server sends it", number => Read<ConferenceRoom>(SentObjects.Room(number)));
    }

    private static T Read<T>(string json)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        using var document = JsonDocument.Parse(json);
        return ApiClient.Read<T>(document.RootElement.Clone());
    }

    private static Measurement Round(string name, long budget, SizeWorld world, Func<FleetView[]> news) =>
        Measurement.Of($"{name}, 100,000 rooms", budget, news, world.Round);
}
