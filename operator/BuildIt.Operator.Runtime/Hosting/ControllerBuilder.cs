using BuildIt.Operator.Runtime.Caching;
using BuildIt.Operator.Runtime.Client;
using BuildIt.Operator.Runtime.Reconciliation;
using k8s;
using k8s.Models;
using Microsoft.Extensions.DependencyInjection;

namespace BuildIt.Operator.Runtime.Hosting;

/// <summary>Says what starts the reconciler of a kind, and how it runs.</summary>
public sealed class ControllerBuilder<TEntity>
    where TEntity : class, IKubernetesObject<V1ObjectMeta>
{
    private readonly OperatorBuilder _operator;

    internal ControllerBuilder(OperatorBuilder builder) => _operator = builder;

    internal ControllerOptions Options { get; private set; } = new();

    /// <summary>Reconciles the owner when an object that it controls changes.</summary>
    /// <param name="query">Which objects are cached at all; a label selector keeps other people's out of memory.</param>
    public ControllerBuilder<TEntity> Owns<T>(ListQuery? query = null)
        where T : class, IKubernetesObject<V1ObjectMeta> => Watches<T>(OwnersOf, query);

    /// <summary>Reconciles the entities that <paramref name="map"/> names when an object of another kind changes.</summary>
    /// <param name="map">From the changed object to the entities it matters to. Called for the object before and after the change.</param>
    /// <param name="query">Which objects are cached at all.</param>
    /// <param name="allNamespaces">Looks beyond the watched namespace, as a kind of the whole cluster needs.</param>
    public ControllerBuilder<TEntity> Watches<T>(Func<T, IServiceProvider, IEnumerable<ObjectKey>> map, ListQuery? query = null, bool allNamespaces = false)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        _operator.AddCache<T>(query, (informer, services) => informer.OnChange(change =>
        {
            var trigger = services.GetRequiredService<IReconcileTrigger<TEntity>>();
            var keys = (change.Old is { } old ? map(old, services) : []).Concat(change.New is { } made ? map(made, services) : []);
            foreach (var key in keys.Distinct())
            {
                trigger.Enqueue(key);
            }
        }), allNamespaces);
        return this;
    }

    /// <summary>Puts a finalizer on every entity and runs <typeparamref name="TFinalizer"/> before one goes.</summary>
    public ControllerBuilder<TEntity> WithFinalizer<TFinalizer>(string name)
        where TFinalizer : class, IFinalizer<TEntity>
    {
        _operator.Services.AddSingleton<TFinalizer>();
        _operator.Services.AddSingleton<IFinalizer<TEntity>>(sp => sp.GetRequiredService<TFinalizer>());
        Options = Options with { Finalizer = name };
        return this;
    }

    /// <summary>
    /// A change of nothing but the status starts no run. For a kind whose status only the reconciler writes, and which says itself
    /// when to run again after it has written: one run less for every write.
    /// </summary>
    public ControllerBuilder<TEntity> IgnoresStatus() => With(options => options with { IgnoresStatus = true });

    /// <summary>Changes how the controller runs.</summary>
    public ControllerBuilder<TEntity> With(Func<ControllerOptions, ControllerOptions> change)
    {
        Options = change(Options);
        return this;
    }

    private static IEnumerable<ObjectKey> OwnersOf<T>(T item, IServiceProvider services)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var type = ResourceType.Of<TEntity>();
        return item.Metadata.OwnerReferences?
            .Where(o => o.Controller == true && o.Kind == type.Kind && o.ApiVersion.Split('/')[0] == type.ApiVersion.Split('/')[0])
            .Select(o => new ObjectKey(item.Metadata.NamespaceProperty ?? string.Empty, o.Name)) ?? [];
    }
}
