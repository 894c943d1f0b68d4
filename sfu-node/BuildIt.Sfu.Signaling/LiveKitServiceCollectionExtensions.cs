using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Signaling.Api;
using BuildIt.Sfu.Signaling.Configuration;
using BuildIt.Sfu.Signaling.Join;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms;
using BuildIt.Sfu.Signaling.Rooms.Base;
using BuildIt.Sfu.Signaling.Rooms.Events;
using BuildIt.Sfu.Signaling.Rooms.Limits;
using BuildIt.Sfu.Signaling.Routing;
using BuildIt.Sfu.Signaling.Sessions;
using BuildIt.Sfu.Signaling.Tokens;
using BuildIt.Sfu.Signaling.Webhooks;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BuildIt.Sfu.Signaling;

/// <summary>Registers the signalling side of a node.</summary>
public static class LiveKitServiceCollectionExtensions
{
    /// <summary>A v1 client puts its whole first offer, and possibly metadata, into the URL.</summary>
    private const int MaxRequestLine = 512 * 1024;

    /// <summary>
    /// Adds LiveKit's protocol. The host must also register <see cref="IMediaRoomFactory"/> and a <see cref="WallClock"/> that agrees
    /// with the instants of its loops; it may register its own <see cref="IRoomRouter"/>, <see cref="IPartPlacement"/>, <see cref="IJoinGate"/>, <see cref="INodeProxy"/> and further
    /// <see cref="IRoomObserver"/>s.
    /// </summary>
    public static IServiceCollection AddLiveKitSignaling(this IServiceCollection services, LiveKitOptions options)
    {
        services.Configure<KestrelServerOptions>(kestrel =>
        {
            kestrel.Limits.MaxRequestLineSize = MaxRequestLine;
            kestrel.Limits.MaxRequestHeadersTotalSize = MaxRequestLine;
            kestrel.Limits.MaxRequestBodySize = TwirpEndpoint.MaxBody;
        });
        services.AddSingleton(options);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<ISidSource, RandomSids>();
        services.TryAddSingleton<INodeProxy, NoNodeProxy>();
        services.TryAddSingleton<IRoomRouter, LocalRoomRouter>();
        services.TryAddSingleton<IPartPlacement, SinglePart>();
        services.TryAddSingleton<IJoinGate, OpenJoinGate>();
        services.AddSingleton(new TokenVerifier(options.Keys));
        services.AddSingleton(new TokenSigner(options.Keys));
        services.AddSingleton(provider => MakeNodeServices(provider, options));
        services.AddSingleton(provider => new RoomDirectory(
            provider.GetRequiredService<NodeServices>(),
            provider.GetRequiredService<IMediaRoomFactory>(),
            new RoomObservers(provider.GetServices<IRoomObserver>())));
        services.AddSingleton<LimitCounters>();
        services.AddSingleton<IRoomObserver, LimitLog>();
        services.AddSingleton<RtcEndpoint>();
        services.AddSingleton<RoomService>();
        services.AddSingleton<RequestBodies>();
        services.AddSingleton<TwirpEndpoint>();
        services.AddSingleton<IStartupFilter, FrontMiddleware>();
        services.AddSingleton(provider => new WebhookSender(
            options.WebhookUrls,
            options.Keys,
            new HttpClient { Timeout = Timeout.InfiniteTimeSpan },
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<WebhookSender>>()));
        services.AddSingleton<IRoomObserver>(provider => provider.GetRequiredService<WebhookSender>());
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<WebhookSender>());
        return services;
    }

    private static NodeServices MakeNodeServices(IServiceProvider provider, LiveKitOptions options)
    {
        var sids = provider.GetRequiredService<ISidSource>();
        return new NodeServices
        {
            Server = new ServerInfo
            {
                Edition = ServerInfo.Types.Edition.Standard,
                Version = options.ServerVersion,
                Protocol = ProtocolFeatures.Current,
                Region = options.Region,
                NodeId = options.NodeId.Length > 0 ? options.NodeId : sids.Next("ND_"),
            },
            Tokens = provider.GetRequiredService<TokenSigner>(),
            Clock = provider.GetRequiredService<WallClock>(),
            Sids = sids,
            Limits = options.Limits,
            LimitCounters = provider.GetRequiredService<LimitCounters>(),
            IceServers = options.IceServers,
            IceLite = options.IceLite,
        };
    }
}
