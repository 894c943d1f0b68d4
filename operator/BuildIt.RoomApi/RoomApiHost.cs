using System.Net;
using BuildIt.RoomApi.Configuration;
using BuildIt.RoomApi.Http;
using BuildIt.RoomApi.Http.Endpoints;
using BuildIt.RoomApi.Http.Protocol;
using BuildIt.RoomApi.Http.Streams;
using BuildIt.RoomApi.Identity;
using BuildIt.RoomApi.Moderation;
using BuildIt.RoomApi.Operations;
using BuildIt.RoomApi.Regions;
using BuildIt.RoomApi.Registry;
using BuildIt.RoomApi.Registry.Commits;
using BuildIt.RoomApi.Registry.Mail;
using BuildIt.RoomApi.Rooms;
using BuildIt.RoomApi.Telemetry;
using BuildIt.RoomApi.Tokens;
using BuildIt.RoomApi.Usage;
using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Telemetry.Logs;
using BuildIt.Sfu.Telemetry.Traces;
using k8s;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace BuildIt.RoomApi;

/// <summary>Puts the service together.</summary>
public static class RoomApiHost
{
    /// <summary>By which a collector of traces knows it.</summary>
    private const string ServiceName = "buildit-room-api";

    /// <summary>Builds the service; the caller starts it. Redis and the API server may both be away meanwhile.</summary>
    public static async Task<WebApplication> BuildAsync(RoomApiSettings settings, TimeProvider? time = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.AddProcessLogging(settings.Telemetry.Logs);
        builder.Services.AddProcessTracing(settings.Telemetry.Tracing, ServiceName, Environment.MachineName);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = RequestGate.MaxUnread;
            kestrel.Limits.MaxRequestHeadersTotalSize = ProtocolFaults.MaxHeaders;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            var budget = DescriptorBudget.Read();
            Listen(kestrel, settings.BindAddress, settings.Port, listen =>
            {
                ConnectionLimit.Apply(listen, budget.Share(1, 2));
                EarlyRefusals.Prepare(listen);
            });
            Listen(kestrel, settings.BindAddress, settings.OperationsPort, listen => ConnectionLimit.Apply(listen, budget.Share(1, 8, 64)));
        });
        await AddServicesAsync(builder.Services, settings, time ?? TimeProvider.System);
        var app = builder.Build();
        Map(app, settings);
        return app;
    }

    private static void Listen(KestrelServerOptions kestrel, IPAddress? address, int port, Action<ListenOptions> prepare)
    {
        if (address is null)
        {
            kestrel.ListenAnyIP(port, prepare);
        }
        else
        {
            kestrel.Listen(address, port, prepare);
        }
    }

    private static async Task AddServicesAsync(IServiceCollection services, RoomApiSettings settings, TimeProvider time)
    {
        services.AddSingleton(settings);
        services.AddSingleton(time);
        services.AddSingleton(new RegistryKeys(settings.Namespace));
        services.AddSingleton(new Pseudonyms(settings.Pepper));
        services.AddSingleton<Sealer>();
        services.AddSingleton(new JoinTokens(settings.ApiKeys, settings.SigningKey, time));
        services.AddSingleton<RoomApiMetrics>();

        // Made here and owned by the container, as are those that a factory makes.
        var redis = await RedisConnection.ConnectAsync(settings);
        services.AddSingleton(_ => redis);
        services.AddSingleton<IKubernetes>(_ => new Kubernetes(settings.Kubeconfig is { } path
            ? KubernetesClientConfiguration.BuildConfigFromConfigFile(path)
            : KubernetesClientConfiguration.InClusterConfig()));
        services.AddSingleton(_ => new CallerLocator(settings.CountryHeader, settings.GeoDatabase));
        services.AddSingleton(_ => new HttpClient(new SocketsHttpHandler
        {
            // Nodes come and go; an address is not kept for long.
            PooledConnectionLifetime = TimeSpan.FromMinutes(1),
            ConnectTimeout = NodeClient.Timeout,
            AllowAutoRedirect = false,
            UseProxy = false,
        }));

        services.AddSingleton<UsedEvents>();
        services.AddSingleton<RequestMemory>();
        services.AddSingleton<CreationMemory>();
        services.AddSingleton<WaitingRooms>();
        services.AddSingleton<CommitLog>();
        services.AddSingleton<Mailboxes>();
        services.AddSingleton<RevocationRegistry>();
        services.AddSingleton<UndurableDecisions>();
        services.AddSingleton<FleetRegistry>();
        services.AddSingleton<RoomStore>();
        services.AddSingleton<FleetDirectory>();
        services.AddSingleton<RoomNodes>();
        services.AddSingleton<NodeClient>();
        services.AddSingleton<Moderator>();
        services.AddSingleton<LargeBodies>();
        services.AddSingleton<RequestGate>();
        services.AddSingleton<RoomCalls>();
        services.AddSingleton<RoomEndpoints>();
        services.AddSingleton<JoinEndpoints>();
        services.AddSingleton<WaitingRoomEndpoints>();
        services.AddSingleton<ParticipantEndpoints>();
        services.AddSingleton<StreamSeats>();
        services.AddSingleton<RoomFeeds>();
        services.AddSingleton<CommitStream>();
        services.AddSingleton<CommitEndpoints>();
        services.AddSingleton<MailEndpoints>();
        services.AddSingleton<FleetEndpoints>();
        services.AddSingleton<OperationsEndpoints>();
        services.AddSingleton<OnDemandRooms>();
        services.AddSingleton<OnDemandEndpoint>();
        services.AddSingleton<RoomWatch>();
        services.AddHostedService(provider => provider.GetRequiredService<RoomWatch>());
        services.AddHostedService(provider => provider.GetRequiredService<RoomFeeds>());
        services.AddHostedService<EarlyRefusals>();
        services.AddSingleton<ShutdownDelay>();
        services.AddHostedService(provider => provider.GetRequiredService<ShutdownDelay>());
        services.AddHostedService<RevocationKeeper>();
        services.AddHostedService<UsedEventKeeper>();
        services.AddHostedService<DecisionKeeper>();
        services.AddHostedService<UsageRecorder>();

        services.AddRouting();
        services.AddCors(cors => cors.AddDefaultPolicy(policy => policy
            .WithOrigins([.. settings.CorsOrigins])
            .WithMethods("GET", "POST", "PUT", "PATCH", "DELETE")
            .WithHeaders("Authorization", "Content-Type", "Idempotency-Key", "Last-Event-ID")
            .WithExposedHeaders("Location", "Retry-After", "Date")
            .SetPreflightMaxAge(TimeSpan.FromHours(1))));
        services.AddRoomApiDocument();
    }

    private static void Map(WebApplication app, RoomApiSettings settings)
    {
        var operations = app.Services.GetRequiredService<OperationsEndpoints>();
        var onDemand = app.Services.GetRequiredService<OnDemandEndpoint>();
        app.MapWhen(context => context.Connection.LocalPort == settings.OperationsPort, branch =>
        {
            branch.Map(RoomCreation.Path, creation =>
            {
                creation.UseMiddleware<ProblemMiddleware>();
                creation.Run(onDemand.HandleAsync);
            });
            branch.Run(operations.HandleAsync);
        });
        app.Use(app.Services.GetRequiredService<ShutdownDelay>().HandleAsync);
        app.UseRouting();
        app.UseCors();
        app.UseMiddleware<TraceMiddleware>();
        app.UseMiddleware<ProblemMiddleware>();
        app.Services.GetRequiredService<RoomEndpoints>().Map(app);
        app.Services.GetRequiredService<JoinEndpoints>().Map(app);
        app.Services.GetRequiredService<WaitingRoomEndpoints>().Map(app);
        app.Services.GetRequiredService<ParticipantEndpoints>().Map(app);
        app.Services.GetRequiredService<CommitEndpoints>().Map(app);
        app.Services.GetRequiredService<MailEndpoints>().Map(app);
        app.Services.GetRequiredService<FleetEndpoints>().Map(app);
        app.MapOpenApi("/openapi/{documentName}.json").WithMetadata(new GateMetadata(GatePolicy.Public));
        app.UseEndpoints(_ => { });
    }
}
