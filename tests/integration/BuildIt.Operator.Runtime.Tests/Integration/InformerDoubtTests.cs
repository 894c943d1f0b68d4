using System.Collections.Concurrent;
using System.Net;
using System.Text;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Operator.Runtime.Client;
using BuildIt.Testing;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Logging.Abstractions;

namespace BuildIt.Operator.Runtime.Tests.Integration;

/// <summary>What stands between the operator and the API server says things about objects that are not so.</summary>
[Collection(ApiCollection.Name)]
public sealed class InformerDoubtTests(KubernetesCluster cluster)
{
    [Fact]
    public async Task A_404_empties_no_cache_that_was_complete()
    {
        var (ns, liar, informer) = await PrepareAsync();
        await using var watched = Watching.Start(informer);
        await informer.WaitForSyncAsync(CancellationToken.None).WaitAsync(Eventually.Patience);

        liar.Says = Lie.NotFound;
        await liar.ToldAsync(3);
        Assert.NotNull(informer.Find(new ObjectKey(ns, "stays")));
        Assert.Empty(watched.Deleted);

        liar.Says = Lie.Nothing;
        await cluster.Client.CoreV1.CreateNamespacedConfigMapAsync(Connections.ConfigMap(ns, "after"), ns);
        await Eventually.TrueAsync(() => informer.Find(new ObjectKey(ns, "after")) is not null);
        Assert.Empty(watched.Deleted);
    }

    [Fact]
    public async Task A_404_before_the_first_list_makes_no_complete_cache()
    {
        var (ns, liar, informer) = await PrepareAsync();
        liar.Says = Lie.NotFound;
        await using var watched = Watching.Start(informer);

        await liar.ToldAsync(3);
        Assert.False(informer.IsSynced);

        liar.Says = Lie.Nothing;
        await informer.WaitForSyncAsync(CancellationToken.None).WaitAsync(Eventually.Patience);
        Assert.NotNull(informer.Find(new ObjectKey(ns, "stays")));
    }

    [Fact]
    public async Task A_list_that_lacks_what_is_there_by_name_deletes_nothing()
    {
        var (ns, liar, informer) = await PrepareAsync();
        await using var watched = Watching.Start(informer);
        await informer.WaitForSyncAsync(CancellationToken.None).WaitAsync(Eventually.Patience);

        liar.Says = Lie.Empty;
        await liar.ToldAsync(3);
        Assert.NotNull(informer.Find(new ObjectKey(ns, "stays")));

        await cluster.Client.CoreV1.DeleteNamespacedConfigMapAsync("goes", ns);
        await Eventually.TrueAsync(async () => (await cluster.Client.CoreV1.ListNamespacedConfigMapAsync(ns)).Items.All(map => map.Metadata.Name != "goes"));
        liar.Says = Lie.Nothing;
        await Eventually.TrueAsync(() => informer.Find(new ObjectKey(ns, "goes")) is null);
        Assert.Equal(["goes"], watched.Deleted);
    }

    [Fact]
    public async Task A_kind_that_may_be_absent_and_is_makes_a_complete_and_empty_cache()
    {
        var ns = await cluster.CreateNamespaceAsync();
        var absent = new Informer<Unicorn>(
            cluster.Connect(), ns, new ListQuery(MayBeAbsent: true), Connections.QuickInformer, TimeProvider.System, NullLogger<Informer<Unicorn>>.Instance);
        await using var watched = Watching.Start(absent);

        await absent.WaitForSyncAsync(CancellationToken.None).WaitAsync(Eventually.Patience);
        Assert.Empty(absent.List());
    }

    private async Task<(string Namespace, Liar Liar, Informer<V1ConfigMap> Informer)> PrepareAsync()
    {
        var ns = await cluster.CreateNamespaceAsync();
        foreach (var name in (string[])["stays", "goes"])
        {
            await cluster.Client.CoreV1.CreateNamespacedConfigMapAsync(Connections.ConfigMap(ns, name), ns);
        }

        var liar = new Liar();
        var client = new ApiClient(new Kubernetes(cluster.ClientConfiguration(), liar), "runtime-tests", TimeProvider.System);
        return (ns, liar, client.Informer<V1ConfigMap>(ns, Connections.QuickInformer with { WatchTimeout = TimeSpan.FromSeconds(1) }));
    }

    [KubernetesEntity(Group = "unicorns.buildit.network", ApiVersion = "v1", Kind = "Unicorn", PluralName = "unicorns")]
    private sealed class Unicorn : IKubernetesObject<V1ObjectMeta>
    {
        public string ApiVersion { get; set; } = "unicorns.buildit.network/v1";

        public string Kind { get; set; } = "Unicorn";

        public V1ObjectMeta Metadata { get; set; } = new();
    }

    private enum Lie
    {
        Nothing,

        /// <summary>As a proxy does that does not know the path, and a server that does not have its routes yet.</summary>
        NotFound,

        /// <summary>Every watch has expired, and there is nothing in any list; single objects are as they are.</summary>
        Empty,
    }

    private sealed class Liar : DelegatingHandler
    {
        private int _told;

        public volatile Lie Says;

        public Task ToldAsync(int times)
        {
            var before = Volatile.Read(ref _told);
            return Eventually.TrueAsync(() => Volatile.Read(ref _told) >= before + times);
        }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var query = request.RequestUri!.Query;
            switch (Says)
            {
                case Lie.NotFound:
                    Interlocked.Increment(ref _told);
                    return Answer(HttpStatusCode.NotFound, "404 page not found");
                case Lie.Empty when query.Contains("watch=true", StringComparison.Ordinal):
                    return Answer(HttpStatusCode.Gone, """{"kind":"Status","code":410,"reason":"Expired","message":"too old"}""");
                case Lie.Empty when !query.Contains("fieldSelector", StringComparison.Ordinal):
                    Interlocked.Increment(ref _told);
                    return Answer(HttpStatusCode.OK, """{"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[]}""");
                default:
                    return await base.SendAsync(request, cancellationToken);
            }
        }

        private static HttpResponseMessage Answer(HttpStatusCode code, string body) => new(code) { Content = new StringContent(body, Encoding.UTF8) };
    }

    private sealed class Watching : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private Task _running = Task.CompletedTask;

        public ConcurrentQueue<string> Deleted { get; } = new();

        public static Watching Start<T>(Informer<T> informer)
            where T : class, IKubernetesObject<V1ObjectMeta>
        {
            var watching = new Watching();
            informer.OnChange(change =>
            {
                if (change is { Old: { } old, New: null })
                {
                    watching.Deleted.Enqueue(old.Metadata.Name);
                }
            });
            watching._running = Task.Run(() => informer.RunAsync(watching._stop.Token));
            return watching;
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _running.WaitAsync(Eventually.Patience);
            _stop.Dispose();
        }
    }
}
