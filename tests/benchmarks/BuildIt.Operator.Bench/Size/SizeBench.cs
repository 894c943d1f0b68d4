using System.Text.Json;
using BuildIt.Operator.Api;
using BuildIt.Operator.Bench.Planning;
using BuildIt.Operator.Clusters;
using BuildIt.Operator.Fleets;
using BuildIt.Operator.Runtime.Caching;
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
        yield return Round("all 10,000 pods report anew", 100_000, world, world.AllReport);
        yield return Round("one pod reports", 10_000, world, world.OneReports);
        yield return Round("nothing new in 10 rounds", 100_000, world, world.NothingNew);
    }

    /// <summary>What one object of a cache holds.</summary>
    public static IEnumerable<string> Hold()
    {
        yield return HeldMemory.Of("a pod as the server sends it", number => Read<V1Pod>(SentObjects.Pod(number)));
        yield return HeldMemory.Of("a pod as it is cached", number => Cached<V1Pod>(SentObjects.Pod(number), CachedObjects.Trim));
        yield return HeldMemory.Of("a room as the server sends it", number => Read<ConferenceRoom>(SentObjects.Room(number)));
        yield return HeldMemory.Of("a room as it is cached", number => Cached<ConferenceRoom>(SentObjects.Room(number), _ => { }));
    }

    private static T Cached<T>(string json, Action<T> trim)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var item = Read<T>(json);
        ObjectTrim.Metadata(item);
        trim(item);
        return item;
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
