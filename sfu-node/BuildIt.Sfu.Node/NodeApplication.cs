using System.Net;
using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Net.Timing;
using BuildIt.Sfu.Node.Configuration;
using BuildIt.Sfu.Node.Connections;
using BuildIt.Sfu.Node.Heartbeats;
using BuildIt.Sfu.Node.Hosting;
using BuildIt.Sfu.Node.Load;
using BuildIt.Sfu.Node.Operations;
using BuildIt.Sfu.Node.Parts;
using BuildIt.Sfu.Node.Registry;
using BuildIt.Sfu.Node.Relays;
using BuildIt.Sfu.Node.Routing;
using BuildIt.Sfu.Node.State;
using BuildIt.Sfu.Signaling;
using BuildIt.Sfu.Signaling.Configuration;
using BuildIt.Sfu.Signaling.Rooms.Base;
using BuildIt.Sfu.Signaling.Rooms.Events;
using BuildIt.Sfu.Signaling.Routing;
using BuildIt.Sfu.Signaling.Tokens;
using BuildIt.Sfu.Telemetry.Logs;
using BuildIt.Sfu.Telemetry.Traces;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace BuildIt.Sfu.Node;

/// <summary>Puts the parts of a node together and runs it.</summary>
public static class NodeApplication
{
    /// <summary>By which a collector of traces knows it.</summary>
    private const string ServiceName = "buildit-sfu-node";

    /// <summary>Runs until the process is told to stop or has been drained; returns the exit code.</summary>
    public static async Task<int> RunAsync(NodeSettings settings, CancellationToken cancellation)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.AddProcessLogging(settings.Telemetry.Logs);
        builder.Services.AddProcessTracing(settings.Telemetry.Tracing, ServiceName, settings.Node.Value);
        var limits = new ConnectionLimits(DescriptorBudget.Read());
        builder.Services.AddSingleton(limits);
        builder.Services.AddSingleton<SocketTransportFactory>();
        builder.Services.AddSingleton<IConnectionListenerFactory>(provider =>
            new BoundedAccept(provider.GetRequiredService<SocketTransportFactory>(), limits));
        AddServices(builder.Services, settings);
        builder.WebHost.ConfigureKestrel(kestrel => Listen(kestrel, settings, limits));
        builder.WebHost.UseUrls();
        await using var application = builder.Build();
        Map(application);
        await application.RunAsync(cancellation);
        return Environment.ExitCode;
    }

    private static void AddServices(IServiceCollection services, NodeSettings settings)
    {
        var lifecycle = new NodeLifecycle(settings.ShutdownDelay);
        services.AddSingleton(settings);
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(lifecycle);
        services.AddSingleton<NodeAddresses>();
        services.AddSingleton<MediaServer>();
        services.AddSingleton<AddressFinder>();
        services.AddSingleton(provider => provider.GetRequiredService<MediaServer>().Rooms);
        services.AddSingleton(new WallClock(DateTimeOffset.UtcNow - (MonotonicClock.Read() - Instant.Zero)));
        services.AddSingleton<INodeActivity, NodeActivity>();
        services.AddSingleton(new CgroupReader());
        services.AddSingleton<ResourceMeter>();
        services.AddSingleton<LoadMonitor>();
        services.AddSingleton<HeartbeatSource>();
        services.AddSingleton<JoinMeter>();
        services.AddSingleton<IRoomObserver>(provider => provider.GetRequiredService<JoinMeter>());
        services.AddSingleton<NodeMetrics>();
        services.AddSingleton<ServingLease>();
        services.AddSingleton<BackgroundFaults>();
        services.AddSingleton<UrgentNews>();
        services.AddSingleton<LeaderTerms>();
        services.AddSingleton<PartKeeper>();
        services.AddSingleton<IPartPlacement>(provider => provider.GetRequiredService<PartKeeper>());
        if (settings.RedisAddresses.Count == 0)
        {
            services.AddSingleton<INodeRegistry, MemoryNodeRegistry>();
        }
        else
        {
            services.AddFleetRouting(settings);
        }

        var turn = new TurnServers(settings, TimeProvider.System);
        services.AddSingleton(_ => turn);
        services.AddLiveKitSignaling(new LiveKitOptions
        {
            Keys = Keys(settings),
            Region = settings.Region,

            // A person who looks for what serves a client finds it by the name that Kubernetes, logs and metrics have.
            NodeId = settings.RedisAddresses.Count > 0 ? settings.Node.Value : "",
            AutoCreate = settings.AutoCreateRooms && settings.RedisAddresses.Count == 0,
            AutoCreateByGrant = settings.RoomApi is not null && settings.RedisAddresses.Count > 0,
            AcceptsNewRooms = () => lifecycle.AcceptsRooms,
            IceServers = turn.For,
            RoomDefaults = new RoomOptions { Name = "", E2eeRequired = settings.RequireEndToEndEncryption },
            WebhookUrls = [.. settings.WebhookUrls.Select(url => new Uri(url))],
        });

        // Started in this order, stopped in the reverse: media lives longest.
        services.AddHostedService<NodeStartup>();
        services.AddHostedService<HeartbeatService>();
        services.AddHostedService(provider => provider.GetRequiredService<PartKeeper>());
        if (!settings.Development)
        {
            services.AddSingleton<IHostLifetime, TerminationHandler>();
        }

        if (settings.RedisAddresses.Count > 0)
        {
            services.AddFleetRoutingWork();
        }
    }

    private static ApiKeys Keys(NodeSettings settings) =>
        new(settings.ApiKeys.Select(pair => KeyValuePair.Create(pair.Key, new AccessTokenSecret(pair.Value))), settings.WebhookKey ?? settings.ApiKeys.Keys.First());

    private static void Listen(KestrelServerOptions kestrel, NodeSettings settings, ConnectionLimits limits)
    {
        // Whoever connects and says nothing holds a place.
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        var address = settings.BindAddress is { } bind ? IPAddress.Parse(bind) : IPAddress.IPv6Any;
        kestrel.Listen(limits.At(address, settings.SignalPort, limits.Signal), listen =>
        {
            listen.ServeAs(limits.Signal);
            if (settings.SignalTlsDirectory is { } signalTls)
            {
                var certificate = new ServerCertificate(signalTls);
                listen.UseHttps(https => https.ServerCertificateSelector = (_, _) => certificate.Current());
            }
        });
        kestrel.Listen(limits.At(address, settings.HealthPort, limits.Health), listen => listen.ServeAs(limits.Health));
        if (settings.ControlTlsDirectory is { } directory)
        {
            var certificates = new ControlCertificates(directory);
            kestrel.Listen(limits.At(address, settings.ControlPort, limits.Control), listen =>
            {
                listen.ServeAs(limits.Control);
                listen.UseHttps(certificates.Configure);
            });
        }

        if (settings.RedisAddresses.Count > 0)
        {
            var certificates = kestrel.ApplicationServices.GetRequiredService<RelayCertificates>();
            kestrel.Listen(limits.At(address, settings.RelayPort, limits.Relay), listen =>
            {
                listen.ServeAs(limits.Relay);
                listen.UseHttps(https =>
                {
                    https.ServerCertificateSelector = (_, _) => certificates.Current();
                    https.ClientCertificateMode = Microsoft.AspNetCore.Server.Kestrel.Https.ClientCertificateMode.RequireCertificate;

                    // Whose it has to be depends on the room that is asked for; the request is refused then.
                    https.ClientCertificateValidation = static (_, _, _) => true;
                });
            });
        }
    }

    private static void Map(WebApplication application)
    {
        application.MapWhen(context => context.CameInOn(Listener.Health), health =>
        {
            health.UseRouting();
            health.UseEndpoints(routes =>
            {
                routes.MapHealth();
                routes.MapMetrics();
            });
        });
        application.MapWhen(context => context.CameInOn(Listener.Control), control =>
        {
            control.Use(next => context => application.Services.GetRequiredService<LeaderTerms>().CheckAsync(context, next));
            control.UseRouting();
            control.UseEndpoints(routes =>
            {
                routes.MapControl();
                if (application.Services.GetService<RouteWatch>() is not null)
                {
                    routes.MapRoutes();
                    routes.MapLinkOrders();
                }
            });
        });

        application.MapWhen(context => context.CameInOn(Listener.Relay), relay =>
        {
            relay.UseRouting();
            relay.UseEndpoints(routes => routes.MapLinks());
        });

        // Routing starts here and not at the front, so that the other ports do not know these paths.
        application.UseRouting();
        application.Use(next => context => application.Services.GetRequiredService<JoinMeter>().CountAsync(context, next));
        application.UseWebSockets();
        application.MapLiveKit();
    }
}
