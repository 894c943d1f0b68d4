using BuildIt.Operator.Admission;
using BuildIt.Operator.Api;
using BuildIt.Operator.Clusters;
using BuildIt.Operator.Debugging;
using BuildIt.Operator.Fleets;
using BuildIt.Operator.Links;
using BuildIt.Operator.Nodes;
using BuildIt.Operator.Registry;
using BuildIt.Operator.Rooms;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Operator.Runtime.Hosting;
using BuildIt.Operator.Runtime.Reconciliation;
using BuildIt.Operator.Runtime.Webhooks;
using BuildIt.Operator.Telemetry;
using BuildIt.Operator.Turn;
using k8s;
using k8s.Models;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace BuildIt.Operator.Hosting;

/// <summary>Puts the operator together.</summary>
public static class OperatorComposition
{
    /// <summary>Adds everything the operator is made of. It starts and stops with the host.</summary>
    /// <param name="services">Where to add it.</param>
    /// <param name="settings">How it is configured.</param>
    /// <param name="change">Changes how the runtime runs, for tests.</param>
    public static OperatorBuilder AddSfuOperator(
        this IServiceCollection services, OperatorSettings settings, Func<OperatorOptions, OperatorOptions>? change = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(settings);
        var options = new OperatorOptions
        {
            Name = OperatorSettings.ComponentName,
            OwnNamespace = settings.Namespace,
            WatchNamespace = settings.WatchNamespace,
            LeaseName = settings.Lease,
            Identity = $"{settings.PodName}_{Guid.NewGuid():N}",
            ClientConfiguration = settings.Kubeconfig is { } path
                ? () => KubernetesClientConfiguration.BuildConfigFromConfigFile(path)
                : KubernetesClientConfiguration.BuildDefaultConfig,
        };
        var builder = services.AddOperator(change is null ? options : change(options));
        services.AddSingleton(settings);
        services.AddSingleton(settings.UsageWebhook);
        services.AddSingleton<ConditionMetrics>();
        services.AddSingleton<DebugAccess>();
        services.AddSingleton<DebugEndpoints>();
        services.AddSingleton<StatusServer>();
        services.AddHostedService(sp => sp.GetRequiredService<StatusServer>());
        builder.AddRooms();
        builder.AddLinks();
        AddFleets(builder, settings);
        AddWebhook(builder, settings);
        return builder;
    }

    private static void AddFleets(OperatorBuilder builder, OperatorSettings settings)
    {
        var services = builder.Services;
        services.AddSingleton(new FleetOptions(settings.NodeImage) { RolloutPause = settings.RolloutPause, NodeVariables = settings.NodeVariables });
        services.AddSingleton<FleetSignal>();
        services.AddSingleton<FleetDirectory>();
        services.AddSingleton<FleetJournal>();
        services.TryAddSingleton<IRoomBurden, NoRooms>();
        services.AddSingleton<RegistryHub>();
        services.AddSingleton<NodeProber>();
        services.AddHostedService(sp => sp.GetRequiredService<NodeProber>());
        services.AddSingleton<FleetCaches>();
        services.AddSingleton<ServerFeatures>();
        services.AddSingleton<NamedSecrets>();
        services.AddSingleton<FleetObserver>();
        services.AddSingleton<FleetSurroundings>();
        services.AddSingleton<FleetApplier>();
        services.AddSingleton<NodeOrders>();
        services.TryAddSingleton(HostNameOptions.Default);
        services.AddSingleton<HostNames>();
        services.AddHostedService(sp => sp.GetRequiredService<HostNames>());
        services.TryAddSingleton(TurnWatchOptions.Default);
        services.AddSingleton<TurnProbe>();
        services.AddSingleton<TurnWatch>();
        services.AddHostedService(sp => sp.GetRequiredService<TurnWatch>());
        services.AddSingleton<PodMetadata>();
        services.AddSingleton<DefaultImages>();
        services.AddSingleton<FleetCycle>();

        // Indexes, and what is left away, before anything is cached.
        builder.AddCache<RegionLink>();
        builder.AddCache<V1Node>(configure: (informer, _) => informer.Trim(CachedObjects.Trim), allNamespaces: true);
        builder.AddCache<V1Pod>(FleetCaches.Ours, (informer, _) =>
        {
            informer.Trim(CachedObjects.Trim);
            FleetCaches.AddFleetIndex(informer);
            informer.AddIndex(FleetCaches.NodeIndex, pod => pod.Spec?.NodeName is { Length: > 0 } node ? [node] : []);
        });
        builder.AddCache<V1Service>(FleetCaches.Ours, (informer, _) => FleetCaches.AddFleetIndex(informer));
        builder.AddCache<V1Secret>(FleetCaches.Ours, (informer, _) => FleetCaches.AddFleetIndex(informer));
        builder.AddReconciler<SfuClusterReconciler, SfuCluster>(controller => controller
            .Watches<V1Pod>((pod, _) => FleetCaches.FleetOf(pod), FleetCaches.Ours)
            .Watches<V1Service>((service, _) => FleetCaches.FleetOf(service), FleetCaches.Ours)
            .Watches<V1Secret>((secret, _) => FleetCaches.FleetOf(secret), FleetCaches.Ours)
            .Watches<V1PodDisruptionBudget>((budget, _) => FleetCaches.FleetOf(budget), FleetCaches.Ours with { MayBeAbsent = true })
            .Watches<OldDisruptionBudget>((budget, _) => FleetCaches.FleetOf(budget), FleetCaches.Ours with { MayBeAbsent = true })
            .Watches<V1Node>((node, sp) => sp.GetRequiredService<FleetCaches>().FleetsOn(node.Metadata.Name), allNamespaces: true)
            .WithFinalizer<SfuClusterFinalizer>(SfuApi.Finalizer)
            .With(options => options with { MinInterval = TimeSpan.FromMilliseconds(100) }));
        services.AddSingleton<Action<IServiceProvider>>(sp =>
        {
            var trigger = sp.GetRequiredService<IReconcileTrigger<SfuCluster>>();
            sp.GetRequiredService<FleetSignal>().Connect(cluster => trigger.Enqueue(cluster));
        });
    }

    private static void AddWebhook(OperatorBuilder builder, OperatorSettings settings)
    {
        if (settings.WebhookService is not { } service)
        {
            return;
        }

        builder.AddWebhooks(new WebhookOptions
        {
            Port = settings.WebhookPort,
            ShutdownDelay = settings.ShutdownDelay,
            Names = [$"{service}.{settings.Namespace}.svc", service, $"{service}.{settings.Namespace}", $"{service}.{settings.Namespace}.svc.cluster.local", .. settings.WebhookNames],
            SecretNamespace = settings.Namespace,
            SecretName = settings.WebhookSecret,
            WebhookConfiguration = settings.WebhookConfiguration,
        });
        builder.AddValidator<ResourceAdmission<SfuCluster>>();
        builder.AddValidator<ResourceAdmission<ConferenceRoom>>();
        builder.AddValidator<ResourceAdmission<RegionLink>>();
    }
}
