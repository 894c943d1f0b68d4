using BuildIt.Operator.Runtime.Admission;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Operator.Runtime.Client;
using BuildIt.Operator.Runtime.Conversion;
using BuildIt.Operator.Runtime.Events;
using BuildIt.Operator.Runtime.Leadership;
using BuildIt.Operator.Runtime.Reconciliation;
using BuildIt.Operator.Runtime.Webhooks;
using BuildIt.Operator.Runtime.Writing;
using k8s;
using k8s.Models;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BuildIt.Operator.Runtime.Hosting;

public static class OperatorServices
{
    /// <summary>Adds the controller runtime. Everything starts and stops with the host.</summary>
    public static OperatorBuilder AddOperator(this IServiceCollection services, OperatorOptions options) => new(services, options);
}

/// <summary>Puts an operator together: its reconcilers, what they own and watch, and its webhooks.</summary>
public sealed class OperatorBuilder
{
    private readonly HashSet<Type> _cached = [];

    internal OperatorBuilder(IServiceCollection services, OperatorOptions options)
    {
        Services = services;
        Options = options;
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.AddSingleton(sp => new Kubernetes(
            options.ClientConfiguration(), new ApiTrafficHandler(sp.GetRequiredService<TimeProvider>(), sp.GetServices<IApiWriteObserver>())));
        services.TryAddSingleton<ILeadershipLoss, EndProcessOnLoss>();

        // What every replica may write, leading or not: the Lease itself and the webhook's certificates.
        services.AddKeyedSingleton(Unfenced, (sp, _) => new ApiClient(sp.GetRequiredService<Kubernetes>(), options.Name, sp.GetRequiredService<TimeProvider>()));
        services.AddSingleton(sp => new LeaderElector(
            sp.GetRequiredKeyedService<ApiClient>(Unfenced), options.OwnNamespace, options.LeaseName ?? options.Name, options.Identity, options.LeaderElection,
            sp.GetRequiredService<ILeadershipLoss>(), sp.GetRequiredService<TimeProvider>(), sp.GetRequiredService<ILogger<LeaderElector>>()));
        services.AddSingleton(sp => new ApiClient(
            sp.GetRequiredService<Kubernetes>(), options.Name, sp.GetRequiredService<TimeProvider>(), sp.GetRequiredService<LeaderElector>()));
        services.AddSingleton<ServerCapabilities>();
        services.AddSingleton<CacheRegistry>();
        services.AddSingleton<ObjectWriter>();
        services.AddSingleton<OperatorHealth>();
        services.AddSingleton(sp => new EventRecorder(
            sp.GetRequiredService<ApiClient>(), options.Name, options.Identity, sp.GetRequiredService<TimeProvider>(), sp.GetRequiredService<ILogger<EventRecorder>>()));
        services.AddSingleton<IEventRecorder>(sp => sp.GetRequiredService<EventRecorder>());

        // Hosted services stop in the reverse order: controllers first, then Events, and the Lease is released last.
        services.AddHostedService(sp => sp.GetRequiredService<LeaderElector>());
        services.AddHostedService(sp => sp.GetRequiredService<EventRecorder>());
        services.AddHostedService<ControllerHost>();
    }

    internal const string Unfenced = "unfenced";

    public IServiceCollection Services { get; }

    public OperatorOptions Options { get; }

    /// <summary>Keeps a cache of a kind, to be had as <see cref="IObjectCache{T}"/>.</summary>
    /// <param name="query">Which objects; all when left out.</param>
    /// <param name="configure">Adds indexes or handlers.</param>
    /// <param name="allNamespaces">Looks beyond the watched namespace, as a kind of the whole cluster needs.</param>
    public OperatorBuilder AddCache<T>(ListQuery? query = null, Action<Informer<T>, IServiceProvider>? configure = null, bool allNamespaces = false)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        if (_cached.Add(typeof(T)))
        {
            Services.AddSingleton(sp => new Informer<T>(
                sp.GetRequiredService<ApiClient>(), allNamespaces ? null : Options.WatchNamespace, query ?? ListQuery.All, Options.Informer,
                sp.GetRequiredService<TimeProvider>(), sp.GetRequiredService<ILogger<Informer<T>>>()));
            Services.AddSingleton<IObjectCache<T>>(sp => sp.GetRequiredService<Informer<T>>());
            Services.AddSingleton<Action<IServiceProvider>>(sp =>
            {
                var informer = sp.GetRequiredService<Informer<T>>();
                var writer = sp.GetRequiredService<ObjectWriter>();
                sp.GetRequiredService<CacheRegistry>().Add(informer);
                informer.OnChange(change =>
                {
                    if (change is { Old: { } gone, New: null })
                    {
                        writer.Forget(gone);
                    }
                });
            });
        }

        if (configure is not null)
        {
            Services.AddSingleton<Action<IServiceProvider>>(sp => configure(sp.GetRequiredService<Informer<T>>(), sp));
        }

        return this;
    }

    /// <summary>Adds the reconciler of a kind.</summary>
    public OperatorBuilder AddReconciler<TReconciler, TEntity>(Action<ControllerBuilder<TEntity>>? configure = null)
        where TReconciler : class, IReconciler<TEntity>
        where TEntity : class, IKubernetesObject<V1ObjectMeta>
    {
        AddCache<TEntity>();
        Services.AddSingleton<TReconciler>();
        Services.AddSingleton<IReconciler<TEntity>>(sp => sp.GetRequiredService<TReconciler>());
        var controller = new ControllerBuilder<TEntity>(this);
        configure?.Invoke(controller);
        Services.AddSingleton(sp => new Controller<TEntity>(
            sp.GetRequiredService<Informer<TEntity>>(), sp.GetRequiredService<ObjectWriter>(), sp.GetRequiredService<IReconciler<TEntity>>(),
            sp.GetService<IFinalizer<TEntity>>(), controller.Options, sp.GetRequiredService<IEventRecorder>(), sp.GetRequiredService<TimeProvider>(), sp.GetRequiredService<ILogger<Controller<TEntity>>>()));
        Services.AddSingleton<IController>(sp => sp.GetRequiredService<Controller<TEntity>>());
        Services.AddSingleton<IReconcileTrigger<TEntity>>(sp => sp.GetRequiredService<Controller<TEntity>>());
        Services.AddSingleton<Action<IServiceProvider>>(sp =>
        {
            // Resolved at the first change, because a reconciler may itself ask for its trigger.
            sp.GetRequiredService<Informer<TEntity>>().OnChange(change =>
            {
                if (!controller.Options.IgnoresStatus || !change.IsStatusOnly)
                {
                    sp.GetRequiredService<IReconcileTrigger<TEntity>>().Enqueue(ObjectKey.Of(change.Latest));
                }
            });
        });
        return this;
    }

    /// <summary>Serves webhooks over HTTPS, with certificates that it keeps itself.</summary>
    public OperatorBuilder AddWebhooks(WebhookOptions options)
    {
        Services.AddSingleton(options);
        Services.AddSingleton(sp => new WebhookCertificates(
            sp.GetRequiredKeyedService<ApiClient>(Unfenced), options, sp.GetServices<VersionedKind>(), sp.GetRequiredService<TimeProvider>(), sp.GetRequiredService<ILogger<WebhookCertificates>>()));
        Services.AddHostedService(sp => sp.GetRequiredService<WebhookCertificates>());
        Services.AddSingleton<WebhookServer>();
        Services.AddHostedService(sp => sp.GetRequiredService<WebhookServer>());
        return this;
    }

    /// <summary>Adds a validator to the webhook.</summary>
    public OperatorBuilder AddValidator<TValidator>()
        where TValidator : class, IAdmissionValidator
    {
        Services.AddSingleton<IAdmissionValidator, TValidator>();
        return this;
    }

    /// <summary>
    /// Converts the objects of a kind between its versions at the webhook. Its definition has the strategy <c>Webhook</c>, with the path
    /// <c>/convert</c>; the operator may get and patch it, for the caBundle.
    /// </summary>
    public OperatorBuilder AddConversion(VersionedKind kind)
    {
        Services.AddSingleton(kind);
        return this;
    }
}
