using BuildIt.Operator.Api;
using BuildIt.Operator.Fleets;
using BuildIt.Operator.Links;
using BuildIt.Operator.Registry;
using BuildIt.Operator.Runtime.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace BuildIt.Operator.Rooms;

/// <summary>Adds what the operator does for rooms.</summary>
internal static class RoomServices
{
    /// <summary>Most of the time a run waits for the API server. So many writes under way keep pace with whoever creates rooms.</summary>
    private const int Workers = 64;

    /// <summary>Before the fleets: these ask the rooms what they mean for them.</summary>
    public static OperatorBuilder AddRooms(this OperatorBuilder builder)
    {
        var services = builder.Services;
        services.AddSingleton<RoomLedgers>();
        services.AddSingleton<IRoomBurden>(sp => sp.GetRequiredService<RoomLedgers>());
        services.AddSingleton<RoomObserver>();
        services.AddSingleton<RoomJournal>();
        services.AddSingleton<RoomMetrics>();
        services.AddSingleton<RoomTraces>();
        services.AddSingleton<RoomSeats>();
        services.AddSingleton<RoomPrices>();
        services.AddSingleton<UsageWebhook>();
        services.AddSingleton<RoomStatusWriter>();
        services.AddSingleton<RoomRouting>();
        services.AddSingleton<RoomSeating>();
        services.AddSingleton<RoomEnding>();
        services.AddSingleton<RoomMoves>();
        services.AddSingleton<RoomInspector>();
        services.AddSingleton<RoomTopologies>();
        services.AddSingleton<PublishedRoutes>();
        services.AddSingleton<RoutePublisher>();
        services.AddSingleton<RoomFences>();
        services.AddSingleton<CountWrites>();
        services.AddSingleton<LostEnds>();
        services.AddSingleton<IRegistryRestorer, RouteRestorer>();
        services.AddSingleton<RoomWaker>();
        builder.AddCache<RegionLink>(configure: (informer, sp) => informer.OnChange(sp.GetRequiredService<RoomPrices>().Hear));
        builder.AddReconciler<ConferenceRoomReconciler, ConferenceRoom>(controller => controller
            .WithFinalizer<ConferenceRoomFinalizer>(SfuApi.Finalizer)
            .IgnoresStatus()
            .With(options => options with { Workers = Workers, MinInterval = TimeSpan.FromMilliseconds(10) }));

        // Resolved at the first news, because the trigger is the controller itself.
        services.AddSingleton<Action<IServiceProvider>>(sp =>
        {
            // It listens from the start, and first: whoever is woken looks into it.
            sp.GetRequiredService<RoomLedgers>();
            sp.GetRequiredService<RoomSeats>();
            sp.GetRequiredService<FleetDirectory>().Changed += view => sp.GetRequiredService<RoomWaker>().Hear(view);
            sp.GetRequiredService<LinkBook>().Changed += ns => sp.GetRequiredService<RoomWaker>().HearLinks(ns);
            sp.GetRequiredService<PublishedRoutes>().Lost += room => sp.GetRequiredService<RoomWaker>().Lose(room);
            sp.GetRequiredService<CountWrites>().Called += room => sp.GetRequiredService<RoomWaker>().Call(room);
            sp.GetRequiredService<RoutePublisher>().Refused += (room, believed) => sp.GetRequiredService<RoomWaker>().Refuse(room, believed);
        });
        return builder;
    }
}
