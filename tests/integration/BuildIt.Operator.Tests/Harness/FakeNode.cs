using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using BuildIt.Operator.Resources.Certificates;
using BuildIt.Sfu.Contracts;
using k8s.Models;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace BuildIt.Operator.Tests.Harness;

/// <summary>How a node treats whoever asks it.</summary>
internal enum Manners
{
    Polite,

    /// <summary>Takes the connection and never answers.</summary>
    Slow,

    /// <summary>Answers with bytes that mean nothing, more than anybody should read.</summary>
    Garbage,

    /// <summary>Answers in another node's name.</summary>
    Impostor,
}

/// <summary>
/// The process in a pod as the operator sees it: heartbeats in Redis and a control server over mutual TLS, on a loopback
/// address of its own.
/// </summary>
internal sealed class FakeNode : IPodProcess
{
    private readonly CancellationTokenSource _stop = new();
    private readonly IConnectionMultiplexer _redis;
    private readonly V1Pod _pod;
    private readonly DateTimeOffset _startedAt = DateTimeOffset.UtcNow;
    private readonly List<DrainCommand> _drains = [];
    private WebApplication? _app;
    private Task _beating = Task.CompletedTask;
    private long _sequence;
    private volatile DrainCommand? _drain;

    private FakeNode(V1Pod pod, IConnectionMultiplexer redis)
    {
        _pod = pod;
        _redis = redis;
    }

    public string Name => _pod.Metadata.Name;

    public string Ip { get; } = LoopbackAddress.Next();

    public NodeLoad Load { get; set; } = NodeLoad.None;

    public bool Beats { get; set; } = true;

    /// <summary>Time between two heartbeats; shorter than a real node's, so that tests wait less.</summary>
    public TimeSpan BeatInterval { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Gives the rooms that it reports.</summary>
    public Func<IReadOnlyList<RoomReport>> Rooms { get; set; } = () => [];

    public Manners Manners { get; set; } = Manners.Polite;

    /// <summary>It accepts links of other nodes, as nodes of older releases do not.</summary>
    public bool Relays { get; set; }

    /// <summary>The fleet it belongs to.</summary>
    public string Cluster => _pod.Metadata.Labels["sfu.buildit.network/cluster"];

    /// <summary>The links that it was ordered to keep.</summary>
    public LinkOrders Ordered { get; private set; } = new();

    /// <summary>How often it was told.</summary>
    public int TimesOrdered { get; private set; }

    /// <summary>Says of a link that it was ordered to keep how that is.</summary>
    public Func<LinkOrder, LinkReport> Link { get; set; } = order => new LinkReport { Peer = order.Peer, State = LinkState.Connecting, Ordered = true };

    /// <summary>What its rooms want to send to other fleets, in bits per second.</summary>
    public ConcurrentDictionary<string, long> Wanted { get; } = new(StringComparer.Ordinal);

    /// <summary>What it was told that they may send to a fleet; null when it was told nothing.</summary>
    public long? AllowedTo(string cluster) => Ordered.Allowances.FirstOrDefault(allowance => allowance.Cluster == cluster)?.BitsPerSecond;

    /// <summary>Drain commands received, in order.</summary>
    public IReadOnlyList<DrainCommand> Drains
    {
        get
        {
            lock (_drains)
            {
                return [.. _drains];
            }
        }
    }

    public int Undrains { get; private set; }

    public bool IsDraining => _drain is not null;

    /// <summary>It ends by itself when it is drained.</summary>
    public int? ExitCode => _drain is { ExitWhenEmpty: true } && Load.Participants == 0 ? 0 : null;

    /// <summary>Routes that the operator has told it directly, the newest of each room.</summary>
    public ConcurrentDictionary<string, RoomRoute> Told { get; } = new(StringComparer.Ordinal);

    public static async Task<FakeNode> StartAsync(V1Pod pod, V1Secret certificates, IConnectionMultiplexer redis)
    {
        var node = new FakeNode(pod, redis);
        await node.ListenAsync(certificates);
        node._beating = node.BeatAsync();
        return node;
    }

    /// <summary>The process dies: no heartbeat, nobody at the port.</summary>
    public async Task DieAsync()
    {
        Beats = false;
        if (_app is { } app)
        {
            _app = null;
            using var now = new CancellationTokenSource(TimeSpan.Zero);
            await app.StopAsync(now.Token);
            await app.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _beating;
        await DieAsync();
        _stop.Dispose();
    }

    private async Task ListenAsync(V1Secret certificates)
    {
        using var pem = X509Certificate2.CreateFromPem(Text(certificates, ControlCertificates.CertificateFile), Text(certificates, ControlCertificates.KeyFile));
        var server = X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
        var authority = X509Certificate2.CreateFromPem(Text(certificates, ControlCertificates.AuthorityFile));
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Parse(Ip), NodePorts.Control, listen => listen.UseHttps(https =>
            {
                https.ServerCertificate = server;
                https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
                https.ClientCertificateValidation = (certificate, _, _) => IsOperator(certificate, authority);
            })));
        _app = builder.Build();
        _app.UseRouting();
        _app.MapGet(NodePaths.Probe, ProbeAsync);
        _app.MapPost(NodePaths.Drain, DrainAsync);
        _app.MapDelete(NodePaths.Drain, UndrainAsync);
        _app.MapPost(NodePaths.Routes, TakeRouteAsync);
        _app.MapPut(NodePaths.Links, TakeLinksAsync);
        await _app.StartAsync();
    }

    private async Task ProbeAsync(HttpContext context)
    {
        switch (Manners)
        {
            case Manners.Slow:
                await Task.Delay(TimeSpan.FromSeconds(30), context.RequestAborted);
                break;
            case Manners.Garbage:
                var garbage = new byte[64 * 1024];
                Array.Fill(garbage, (byte)'{');
                for (var i = 0; i < 64; i++)
                {
                    await context.Response.Body.WriteAsync(garbage, context.RequestAborted);
                }

                break;
            default:
                var heartbeat = Next() with { Node = new NodeId(Manners is Manners.Impostor ? "another" : Name) };
                await context.Response.Body.WriteAsync(ContractJson.Write(heartbeat, ContractJson.Default.Heartbeat), context.RequestAborted);
                break;
        }
    }

    private async Task DrainAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        Assert.True(ContractJson.TryRead(body.ToArray(), ContractJson.Default.DrainCommand, out var command), "a drain command is one");
        _drain = command;
        lock (_drains)
        {
            _drains.Add(command);
        }

        await AnswerAsync(context);
    }

    private async Task TakeRouteAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        Assert.True(ContractJson.TryRead(body.ToArray(), ContractJson.Default.RoomRoute, out var route), "a route is one");
        Told[route.Room.Value] = route;
        await context.Response.Body.WriteAsync(ContractJson.Write(route, ContractJson.Default.RoomRoute), context.RequestAborted);
    }

    private async Task TakeLinksAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        Assert.True(ContractJson.TryRead(body.ToArray(), ContractJson.Default.LinkOrders, out var orders), "orders of links are such");
        Ordered = orders;
        TimesOrdered++;
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private Task UndrainAsync(HttpContext context)
    {
        _drain = null;
        Undrains++;
        return AnswerAsync(context);
    }

    private Task AnswerAsync(HttpContext context) => context.Response.Body.WriteAsync(
        ContractJson.Write(new DrainStatus { State = State }, ContractJson.Default.DrainStatus), context.RequestAborted).AsTask();

    private NodeState State => _drain is null ? NodeState.Serving : Load.Participants > 0 ? NodeState.Draining : NodeState.Drained;

    private async Task BeatAsync()
    {
        var keys = new RegistryKeys(_pod.Metadata.NamespaceProperty);
        using var timer = new PeriodicTimer(BeatInterval);
        try
        {
            do
            {
                timer.Period = BeatInterval;
                if (Beats)
                {
                    try
                    {
                        var database = _redis.GetDatabase();
                        await Task.WhenAll(
                            database.StringSetAsync(keys.Node(new NodeId(Name)), ContractJson.Write(Next(), ContractJson.Default.Heartbeat), Heartbeat.Expiry),
                            database.SortedSetAddAsync(keys.Nodes, Name, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()));
                    }
                    catch (Exception away) when (away is RedisException or TimeoutException)
                    {
                        // A node goes on without its registry.
                    }
                }
            }
            while (await timer.WaitForNextTickAsync(_stop.Token));
        }
        catch (OperationCanceledException)
        {
        }
    }

    private Heartbeat Next()
    {
        // Before the load, which they are part of.
        var rooms = Rooms();
        return new Heartbeat
        {
            Node = new NodeId(Name),
            Namespace = _pod.Metadata.NamespaceProperty,
            Cluster = Cluster,
            Region = "test-1",
            Revision = _pod.Metadata.Labels["sfu.buildit.network/revision"],
            State = State,
            Load = Load,
            Capacity = NodeCapacity.Default,
            Endpoints = new NodeEndpoints
            {
                Signal = $"http://{Ip}:{NodePorts.Signal}",
                Control = $"https://{Ip}:{NodePorts.Control}",
                Relay = Relays ? $"{Ip}:{NodePorts.Relay}" : null,
                RelayFingerprint = Relays ? "00ff" : null,
            },
            StartedAt = _startedAt,
            Sequence = Interlocked.Increment(ref _sequence),
            Rooms = rooms,
            Links = [.. Ordered.Links.Select(Link)],
            LinkAllowances = [.. Wanted.Select(wanted => new LinkAllowanceReport { Cluster = wanted.Key, WantedBitsPerSecond = wanted.Value, AllowedBitsPerSecond = AllowedTo(wanted.Key) })],
        };
    }

    private static bool IsOperator(X509Certificate2 certificate, X509Certificate2 authority)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return certificate.MatchesHostname(ControlIdentity.Operator) && chain.Build(certificate);
    }

    private static string Text(V1Secret secret, string file) => Encoding.ASCII.GetString(secret.Data[file]);
}
