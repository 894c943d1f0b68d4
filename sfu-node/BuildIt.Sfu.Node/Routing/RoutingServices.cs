using BuildIt.Sfu.Node.Configuration;
using BuildIt.Sfu.Node.Registry;
using BuildIt.Sfu.Node.Relays;
using BuildIt.Sfu.Signaling.Join;
using BuildIt.Sfu.Signaling.Rooms.Events;
using BuildIt.Sfu.Signaling.Routing;
using BuildIt.Sfu.Signaling.Sessions;

namespace BuildIt.Sfu.Node.Routing;

/// <summary>Registers what a node of a fleet does and a node alone does not: any node answers for any room of the region.</summary>
public static class RoutingServices
{
    /// <summary>Before <c>AddLiveKitSignaling</c>, whose own router serves a node that stands alone.</summary>
    public static IServiceCollection AddFleetRouting(this IServiceCollection services, NodeSettings settings)
    {
        services.AddSingleton(provider =>
            RedisNodeRegistry.ConnectAsync(settings, provider.GetRequiredService<TimeProvider>()).GetAwaiter().GetResult());
        services.AddSingleton<INodeRegistry>(provider => provider.GetRequiredService<RedisNodeRegistry>());
        services.AddSingleton<IRegionRegistry>(provider => provider.GetRequiredService<RedisNodeRegistry>());
        services.AddSingleton(new RouteTable(settings.Node));
        services.AddSingleton<RoomClosings>();
        services.AddSingleton<RouteFinder>();
        services.AddSingleton<ReportedRooms>();
        services.AddSingleton<RevocationList>();
        services.AddSingleton<RelayCertificates>();
        services.AddSingleton<LinkClient>();
        services.AddSingleton<LinkBounds>();
        services.AddSingleton<RelayKeeper>();
        services.AddSingleton<OrderedLinks>();
        services.AddSingleton<LinkReports>();
        services.AddSingleton<RoomKeeper>();
        services.AddSingleton<IRoomRouter, RegistryRoomRouter>();
        services.AddSingleton<RoomCreator>();
        services.AddSingleton<RoomApiClient>();
        services.AddSingleton<IJoinGate, RegistryJoinGate>();
        services.AddSingleton<INodeProxy>(provider => new NodeProxy(
            new HttpMessageInvoker(new SocketsHttpHandler
            {
                ConnectTimeout = TimeSpan.FromSeconds(2),
                UseProxy = false,
                UseCookies = false,
            }),
            provider.GetRequiredService<TimeProvider>(),
            settings.Region));
        services.AddSingleton<PresenceWriter>();
        services.AddSingleton<IRoomObserver>(provider => provider.GetRequiredService<PresenceWriter>());
        services.AddSingleton<RouteWatch>();
        return services;
    }

    /// <summary>After the services that open sockets.</summary>
    public static IServiceCollection AddFleetRoutingWork(this IServiceCollection services)
    {
        services.AddHostedService(provider => provider.GetRequiredService<PresenceWriter>());
        services.AddHostedService(provider => provider.GetRequiredService<RouteWatch>());
        return services;
    }
}
