using BuildIt.Operator.Runtime.Caching;
using BuildIt.Operator.Runtime.Client;
using BuildIt.Operator.Runtime.Events;
using BuildIt.Operator.Runtime.Hosting;
using BuildIt.Operator.Runtime.Leadership;
using BuildIt.Operator.Runtime.Reconciliation;
using BuildIt.Operator.Runtime.Writing;
using BuildIt.Testing;
using k8s;
using k8s.Models;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BuildIt.Operator.Runtime.Tests.Integration;

/// <summary>A whole operator: each Secret "owner" gets as many ConfigMaps as it says, and a finalizer that leaves a trace.</summary>
[Collection(ApiCollection.Name)]
public sealed class OperatorHostTests(KubernetesCluster cluster)
{
    private const string Finalizer = "tests.buildit.network/owner";

    [Fact]
    public async Task Owned_objects_follow_their_owner_and_heal()
    {
        var ns = await cluster.CreateNamespaceAsync();
        using var host = await StartAsync(ns);
        await CreateOwnerAsync(ns, "3");
        await Eventually.TrueAsync(async () => (await ChildrenAsync(ns)).Count == 3);

        await cluster.Client.CoreV1.DeleteNamespacedConfigMapAsync("owner-1", ns);
        await Eventually.TrueAsync(async () => (await ChildrenAsync(ns)).Count == 3);

        await cluster.Client.CoreV1.PatchNamespacedSecretAsync(new V1Patch("""{"stringData":{"count":"1"}}""", V1Patch.PatchType.MergePatch), "owner", ns);
        await Eventually.TrueAsync(async () => (await ChildrenAsync(ns)).SequenceEqual(["owner-0"]));
        await Eventually.TrueAsync(async () => (await cluster.Client.CoreV1.ListNamespacedEventAsync(ns)).Items.Any(e => e.Reason == "Reconciled" && e.InvolvedObject.Name == "owner"));

        await cluster.Client.CoreV1.DeleteNamespacedSecretAsync("owner", ns);
        await Eventually.TrueAsync(async () => (await cluster.Client.CoreV1.ListNamespacedSecretAsync(ns)).Items.All(s => s.Metadata.Name != "owner"));
        Assert.Empty(await ChildrenAsync(ns));
        await host.StopAsync();
    }

    [Fact]
    public async Task A_failing_reconciler_is_tried_again()
    {
        var ns = await cluster.CreateNamespaceAsync();
        await CreateOwnerAsync(ns, "3", failures: "4");
        using var host = await StartAsync(ns);

        await Eventually.TrueAsync(async () => (await ChildrenAsync(ns)).Count == 3);
        await host.StopAsync();
    }

    [Fact]
    public async Task Ended_at_any_write_the_next_process_finishes_the_work()
    {
        for (var fatal = 1; ; fatal++)
        {
            var ns = await cluster.CreateNamespaceAsync();
            await CreateOwnerAsync(ns, "3");
            var end = new EndAtWrite(fatal);
            using (var first = await StartAsync(ns, end))
            {
                await Eventually.TrueAsync(async () => end.Ended || (await ChildrenAsync(ns)).Count == 3);

                // As kill -9 would: nothing is released, and nothing more is written.
                end.EndNow();
            }

            using var second = await StartAsync(ns);
            await Eventually.TrueAsync(async () => (await ChildrenAsync(ns)).Count == 3);
            await cluster.Client.CoreV1.DeleteNamespacedSecretAsync("owner", ns);
            await Eventually.TrueAsync(async () => (await cluster.Client.CoreV1.ListNamespacedSecretAsync(ns)).Items.All(s => s.Metadata.Name != "owner"));
            Assert.Empty(await ChildrenAsync(ns));
            await second.StopAsync();
            if (!end.WasReached)
            {
                Assert.True(fatal > 4, "the work was expected to take a finalizer and three children at least");
                return;
            }
        }
    }

    private async Task<IHost> StartAsync(string ns, IApiWriteObserver? observer = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.SetMinimumLevel(LogLevel.Error).AddConsole();
        if (observer is not null)
        {
            builder.Services.AddSingleton(observer);
        }

        builder.Services.AddOperator(new OperatorOptions
        {
            Name = "runtime-tests",
            OwnNamespace = ns,
            WatchNamespace = ns,
            ClientConfiguration = cluster.ClientConfiguration,
            Informer = Connections.QuickInformer,
            LeaderElection = new LeaderElectionOptions { LeaseDuration = TimeSpan.FromSeconds(4), RenewDeadline = TimeSpan.FromSeconds(1.5), RetryPeriod = TimeSpan.FromMilliseconds(200) },
        }).AddReconciler<OwnerReconciler, V1Secret>(c => c.Owns<V1ConfigMap>(new ListQuery(LabelSelector: "child")).WithFinalizer<OwnerFinalizer>(Finalizer));
        builder.Services.AddSingleton<ILeadershipLoss, IgnoreLoss>();
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }

    private Task CreateOwnerAsync(string ns, string count, string failures = "0") => cluster.Client.CoreV1.CreateNamespacedSecretAsync(
        new V1Secret { Metadata = new V1ObjectMeta { Name = "owner" }, StringData = new Dictionary<string, string> { ["count"] = count, ["failures"] = failures } }, ns);

    private async Task<List<string>> ChildrenAsync(string ns) =>
        [.. (await cluster.Client.CoreV1.ListNamespacedConfigMapAsync(ns, labelSelector: "child")).Items.Select(c => c.Metadata.Name).Order(StringComparer.Ordinal)];

    private sealed class OwnerReconciler(IObjectCache<V1ConfigMap> children, ObjectWriter writer, IEventRecorder events) : IReconciler<V1Secret>
    {
        private int _failures;

        public async Task<ReconcileResult> ReconcileAsync(V1Secret entity, CancellationToken cancellationToken)
        {
            if (entity.Metadata.Name != "owner")
            {
                return ReconcileResult.Done;
            }

            if (_failures++ < Number(entity, "failures"))
            {
                throw new InvalidOperationException("as the test wants it");
            }

            var wanted = Enumerable.Range(0, Number(entity, "count")).Select(i => $"owner-{i}").ToList();
            foreach (var name in wanted)
            {
                var child = Connections.ConfigMap(entity.Metadata.NamespaceProperty, name);
                child.Metadata.Labels = new Dictionary<string, string> { ["child"] = "yes" };
                child.Metadata.OwnerReferences = [new V1OwnerReference { ApiVersion = "v1", Kind = "Secret", Name = entity.Metadata.Name, Uid = entity.Metadata.Uid, Controller = true }];
                await writer.ApplyAsync(child, children.Find(ObjectKey.Of(child)), cancellationToken);
            }

            foreach (var surplus in children.OwnedBy(entity.Metadata.Uid).Where(c => !wanted.Contains(c.Metadata.Name)))
            {
                await writer.DeleteAsync(surplus, null, cancellationToken);
            }

            events.Normal(entity, "Reconciled", $"{wanted.Count} children");
            return ReconcileResult.Done;
        }

        private static int Number(V1Secret entity, string entry) =>
            int.Parse(System.Text.Encoding.ASCII.GetString(entity.Data[entry]), System.Globalization.CultureInfo.InvariantCulture);
    }

    private sealed class OwnerFinalizer(IObjectCache<V1ConfigMap> children, ObjectWriter writer) : IFinalizer<V1Secret>
    {
        public async Task<FinalizeResult> FinalizeAsync(V1Secret entity, CancellationToken cancellationToken)
        {
            foreach (var child in children.OwnedBy(entity.Metadata.Uid))
            {
                await writer.DeleteAsync(child, null, cancellationToken);
            }

            return children.OwnedBy(entity.Metadata.Uid).Count == 0 ? FinalizeResult.Done : FinalizeResult.Wait(TimeSpan.FromMilliseconds(200));
        }
    }

    /// <summary>From a certain write of the controllers on, nothing reaches the server any more.</summary>
    private sealed class EndAtWrite(int fatal) : IApiWriteObserver
    {
        private int _writes;
        private volatile bool _ended;

        public bool Ended => _ended;

        public bool WasReached { get; private set; }

        public void EndNow() => _ended = true;

        public ValueTask BeforeWriteAsync(ApiWrite write, CancellationToken cancellation)
        {
            if (!write.Path.Contains("/leases", StringComparison.Ordinal) && !_ended && Interlocked.Increment(ref _writes) == fatal)
            {
                WasReached = _ended = true;
            }

            return _ended ? throw new HttpRequestException("the process has ended") : ValueTask.CompletedTask;
        }

        public ValueTask AfterWriteAsync(ApiWrite write, CancellationToken cancellation) => ValueTask.CompletedTask;
    }
}
