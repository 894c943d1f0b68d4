using BuildIt.Operator.Api;
using BuildIt.Operator.Fleets;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Operator.Runtime.Hosting;
using BuildIt.Operator.Runtime.Reconciliation;
using Microsoft.Extensions.DependencyInjection;

namespace BuildIt.Operator.Links;

/// <summary>Adds what the operator does for links between fleets.</summary>
internal static class LinkServices
{
    public static OperatorBuilder AddLinks(this OperatorBuilder builder)
    {
        var services = builder.Services;
        services.AddSingleton<LinkBook>();
        services.AddSingleton<LinkOrderBook>();
        services.AddSingleton<LinkAuthorities>();
        builder.AddReconciler<RegionLinkReconciler, RegionLink>(controller => controller
            .Watches<SfuCluster>((cluster, sp) => LinksOf(sp, ObjectKey.Of(cluster)))
            .IgnoresStatus()
            .With(options => options with { MinInterval = TimeSpan.FromMilliseconds(100) }));
        return builder;
    }

    private static IEnumerable<ObjectKey> LinksOf(IServiceProvider services, ObjectKey cluster) => services.GetRequiredService<IObjectCache<RegionLink>>()
        .List(cluster.Namespace)
        .Where(link => link.Spec.A.ClusterRef?.Name == cluster.Name || link.Spec.B.ClusterRef?.Name == cluster.Name)
        .Select(ObjectKey.Of);
}
