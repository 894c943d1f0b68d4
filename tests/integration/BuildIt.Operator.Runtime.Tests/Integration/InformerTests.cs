using System.Collections.Concurrent;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Operator.Runtime.Metrics;
using BuildIt.Testing;
using BuildIt.Testing.Network;
using k8s;
using k8s.Models;

namespace BuildIt.Operator.Runtime.Tests.Integration;

/// <summary>These stop the API server, so they have one of their own.</summary>
public sealed class InformerTests : IClassFixture<KubernetesCluster>
{
    private readonly KubernetesCluster _cluster;

    public InformerTests(KubernetesCluster cluster) => _cluster = cluster;

    [Fact]
    public async Task Lists_in_pages_and_follows_changes()
    {
        var ns = await _cluster.CreateNamespaceAsync();
        await CreateAsync(ns, [.. Enumerable.Range(0, 10).Select(i => $"before-{i}")]);
        await using var watched = await WatchAsync(ns, null);

        Assert.Equal(10, Names(watched, ns).Count);
        await CreateAsync(ns, "after");
        await _cluster.Client.CoreV1.DeleteNamespacedConfigMapAsync("before-3", ns);
        await Eventually.TrueAsync(() => Names(watched, ns) is var names && names.Contains("after") && !names.Contains("before-3"));
    }

    [Fact]
    public async Task Resumes_after_the_api_server_was_away()
    {
        var ns = await _cluster.CreateNamespaceAsync();
        await CreateAsync(ns, "before");
        await using var watched = await WatchAsync(ns, null);
        await _cluster.StopApiServerAsync();
        await _cluster.StartApiServerAsync();
        await CreateAsync(ns, "after");

        await Eventually.TrueAsync(() => Names(watched, ns).Contains("after"));
        Assert.Empty(watched.Deleted);
    }

    [Fact]
    public async Task Deletions_missed_while_cut_off_are_found_after_compaction()
    {
        var ns = await _cluster.CreateNamespaceAsync();
        await CreateAsync(ns, "stays", "goes", "comes-back");
        await using var relay = _cluster.Relay();
        await using var watched = await WatchAsync(ns, relay);
        var gone = RuntimeMetrics.WatchRestarts.WithLabels("ConfigMap", "gone").Value;

        relay.Cut();
        await _cluster.Client.CoreV1.DeleteNamespacedConfigMapAsync("goes", ns);
        await _cluster.Client.CoreV1.DeleteNamespacedConfigMapAsync("comes-back", ns);
        await CreateAsync(ns, "comes-back", "new");
        await _cluster.CompactEtcdAsync();
        await _cluster.StopApiServerAsync();
        await _cluster.StartApiServerAsync();
        relay.Mend();

        await Eventually.TrueAsync(() => Names(watched, ns).Contains("new"));
        Assert.Equal(["comes-back", "new", "stays"], Names(watched, ns).Order(StringComparer.Ordinal));
        Assert.Equal(["comes-back", "goes"], watched.Deleted.Order(StringComparer.Ordinal));
        Assert.True(RuntimeMetrics.WatchRestarts.WithLabels("ConfigMap", "gone").Value > gone, "the server was expected to answer 410 Gone");
    }

    [Fact]
    public async Task A_watch_that_went_silent_is_noticed_and_replaced()
    {
        var ns = await _cluster.CreateNamespaceAsync();
        await using var relay = _cluster.Relay();
        var options = Connections.QuickInformer with { WatchTimeout = TimeSpan.FromSeconds(2), StallGrace = TimeSpan.FromSeconds(1) };
        await using var watched = await WatchAsync(ns, relay, options);
        var stalled = RuntimeMetrics.WatchRestarts.WithLabels("ConfigMap", "stalled").Value;

        relay.Freeze();
        await CreateAsync(ns, "unheard");

        await Eventually.TrueAsync(() => Names(watched, ns).Contains("unheard"));
        Assert.True(RuntimeMetrics.WatchRestarts.WithLabels("ConfigMap", "stalled").Value > stalled, "the silence was expected to be noticed");
    }

    private async Task CreateAsync(string ns, params string[] names)
    {
        foreach (var name in names)
        {
            await _cluster.Client.CoreV1.CreateNamespacedConfigMapAsync(Connections.ConfigMap(ns, name), ns);
        }
    }

    private async Task<Watched> WatchAsync(string ns, TcpRelay? relay, InformerOptions? options = null)
    {
        var watched = new Watched(_cluster.Connect(relay).Informer<V1ConfigMap>(ns, options));
        await watched.Informer.WaitForSyncAsync(CancellationToken.None).WaitAsync(Eventually.Patience);
        return watched;
    }

    // Newer servers put a ConfigMap of their own into each namespace.
    private static List<string> Names(Watched watched, string ns) =>
        [.. watched.Informer.List(ns).Select(c => c.Metadata.Name).Where(n => n != "kube-root-ca.crt")];

    private sealed class Watched : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _running;

        public Watched(Informer<V1ConfigMap> informer)
        {
            Informer = informer;
            informer.OnChange(change =>
            {
                if (change is { Old: { } old, New: null })
                {
                    Deleted.Enqueue(old.Metadata.Name);
                }
            });
            _running = Task.Run(() => informer.RunAsync(_stop.Token));
        }

        public Informer<V1ConfigMap> Informer { get; }

        public ConcurrentQueue<string> Deleted { get; } = new();

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _running.WaitAsync(Eventually.Patience);
            _stop.Dispose();
        }
    }
}
