using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.RegularExpressions;
using BuildIt.Sfu.Node.Configuration;
using BuildIt.Sfu.Signaling.Tokens;
using BuildIt.Sfu.TestClient;
using BuildIt.Sfu.TestClient.Network;
using BuildIt.Sfu.TestClient.Signalling;
using BuildIt.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Protocol = BuildIt.Sfu.Signaling.Protocol;

namespace BuildIt.Sfu.Node.Tests.Parts;

/// <summary>
/// A node of its own with two loops, whose rooms have a part on each: whoever comes first is at the home, the next at the other part, and so
/// on in turn. What it posts as webhooks is kept here.
/// </summary>
internal sealed partial class PartedNode : IAsyncDisposable
{
    /// <summary>Makes a node spread every room.</summary>
    public static readonly IReadOnlyDictionary<string, string?> Spread = new Dictionary<string, string?>
    {
        [NodeVariables.Loops] = "2",
        [NodeVariables.RoomParts] = nameof(RoomPartMode.Spread),
    };

    private static readonly ApiKeys Keys = ApiKeys.Single("devkey", "secret");

    private readonly NodeProgram _program;
    private readonly WebApplication _receiver;
    private readonly List<Protocol.WebhookEvent> _posted;

    private PartedNode(NodeProgram program, WebApplication receiver, List<Protocol.WebhookEvent> posted) => (_program, _receiver, _posted) = (program, receiver, posted);

    public HeadlessNetwork Network { get; } = new();

    public Uri Signal => _program.Signal;

    public ChildProcess Process => _program.Process;

    /// <summary>What was posted so far, in order.</summary>
    public IReadOnlyList<Protocol.WebhookEvent> Posted
    {
        get
        {
            lock (_posted)
            {
                return [.. _posted];
            }
        }
    }

    public static async Task<PartedNode> StartAsync()
    {
        var posted = new List<Protocol.WebhookEvent>();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var receiver = builder.Build();
        receiver.Urls.Add("http://127.0.0.1:0");
        receiver.MapPost("/", async (HttpContext context) =>
        {
            using var reader = new StreamReader(context.Request.Body);
            var text = await reader.ReadToEndAsync();
            lock (posted)
            {
                posted.Add(Protocol.WebhookEvent.Parser.ParseJson(text));
            }
        });
        await receiver.StartAsync();
        var url = receiver.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        var program = await NodeProgram.StartAsync(new Dictionary<string, string?>(Spread) { [NodeVariables.WebhookUrls] = url }, "--tcp-port", "-1");
        return new PartedNode(program, receiver, posted);
    }

    public Task<HeadlessParticipant> JoinAsync(string room, string identity) => HeadlessParticipant.JoinAsync(new HeadlessOptions
    {
        Url = Signal,
        Token = RoomToken.Create("devkey", "secret", room, identity),
        Network = Network,
    });

    /// <summary>Calls a method of the server API as an application does, with every right.</summary>
    public async Task<(HttpStatusCode Status, string Body)> CallAsync(string room, string method, object body)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Signal, $"/twirp/livekit.RoomService/{method}")) { Content = JsonContent.Create(body) };
        var grant = new VideoGrant { RoomAdmin = true, RoomCreate = true, RoomList = true, Room = room };
        request.Headers.Authorization = new AuthenticationHeaderValue(
            "Bearer", new TokenSigner(Keys).Sign(new AccessClaims { Issuer = "devkey", Identity = "backend", Video = grant }, DateTimeOffset.UtcNow, TimeSpan.FromHours(1)));
        using var response = await http.SendAsync(request);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    /// <summary>The sum of a metric's series.</summary>
    public async Task<double> MetricAsync(string name)
    {
        using var http = new HttpClient();
        var text = await http.GetStringAsync(new Uri($"http://127.0.0.1:{_program.HealthPort}/metrics"));
        return Series().Matches(text).Where(series => series.Groups[1].Value == name).Sum(series => double.Parse(series.Groups[2].Value, CultureInfo.InvariantCulture));
    }

    public async ValueTask DisposeAsync()
    {
        await _program.DisposeAsync();
        await _receiver.DisposeAsync();
        Network.Dispose();
    }

    [GeneratedRegex(@"^(\w+)(?:\{.*\})? (\S+)$", RegexOptions.Multiline)]
    private static partial Regex Series();
}
