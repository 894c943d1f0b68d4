using BuildIt.Interop.Tests.Node;
using BuildIt.Operator.Api;
using BuildIt.Sfu.Signaling.Tokens;
using BuildIt.Testing;
using BuildIt.Testing.ControlPlane;
using k8s.Models;
using Microsoft.Playwright;

namespace BuildIt.Interop.Tests.Calls;

/// <summary>
/// All that a call with the conference client needs: the pages of examples/, the real room API over a real API server and a real
/// Redis, a real node that refuses what is not encrypted, and a browser.
/// </summary>
public sealed class CallFixture : IAsyncLifetime
{
    private const string Key = "devkey";
    private const string Secret = "a-secret-of-the-api-key-in-tests-that-is-long-enough";

    private static readonly Dictionary<string, string?> NodeSettings = new() { ["BUILDIT_API_KEYS"] = $"{Key}: {Secret}", ["BUILDIT_REQUIRE_E2EE"] = "true" };

    private readonly List<IPage> _pages = [];

    // Two that take turns: in one, the fake camera delivers nothing any more when two pages close and open it at the same moment, which
    // is what two people do whose node dies.
    private readonly List<ChromiumBrowser> _browsers = [];
    private readonly KubernetesCluster _cluster = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("buildit-call-").FullName;
    private StandInOperator _operator = null!;
    private RoomApiProgram _api = null!;

    public RedisServer Redis { get; } = new();

    public SfuNode Node { get; private set; } = null!;

    public PageServer Pages { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        await Task.WhenAll(_cluster.InitializeAsync(), Redis.InitializeAsync(), ExamplePages.BuildAsync(_folder));
        Node = await SfuNode.StartAsync(NodeSettings);
        Pages = await PageServer.StartAsync(pages: _folder);
        var space = await _cluster.CreateNamespaceAsync("calls");
        await StandInFleets.InstallDefinitionsAsync(_cluster.Client);
        await StandInFleets.AddAsync(_cluster.Client, space, new SfuCluster
        {
            Metadata = new V1ObjectMeta { Name = "eu", NamespaceProperty = space },
            Spec = new SfuClusterSpec
            {
                Region = "local-1",
                Redis = new RedisSpec { Addresses = [Redis.Address] },
                ApiKeysSecretRef = new SecretReference { Name = "keys" },
            },
        });
        _operator = new StandInOperator(_cluster.Client, space) { NodeEndpoint = Node.HttpUrl, Publish = Node.OpenAsync };
        _operator.Start();
        _api = await RoomApiProgram.StartAsync(Pages.Url, KeyValuePair.Create(Key, Secret), new Dictionary<string, string?>
        {
            ["NAMESPACE"] = space,
            ["REDIS_ADDRESSES"] = Redis.Address,
            ["DEFAULT_ENDPOINT"] = Node.WebSocketUrl,
            ["KUBECONFIG"] = _cluster.KubeconfigPath,
            ["KEY_LIMIT"] = "10000",
            ["ADDRESS_LIMIT"] = "100000",
        });
        Pages.Api = _api.Address;
        _browsers.AddRange(await Task.WhenAll(ChromiumBrowser.StartAsync(), ChromiumBrowser.StartAsync()));
    }

    /// <summary>Opens a page for somebody who has never been here.</summary>
    public async Task<IPage> OpenAsync(string url)
    {
        var page = await _browsers[_pages.Count % _browsers.Count].OpenAsync(url);
        _pages.Add(page);
        return page;
    }

    /// <summary>A token with which somebody who is no member gets into the SFU's room.</summary>
    public static string Token(string room, string identity) =>
        new TokenSigner(new ApiKeys([KeyValuePair.Create(Key, new AccessTokenSecret(Secret))], Key)).Sign(
            new AccessClaims { Issuer = Key, Identity = identity, Name = identity, Video = new VideoGrant { RoomJoin = true, Room = room } },
            DateTimeOffset.UtcNow,
            TimeSpan.FromHours(1));

    /// <summary>Closes what a test has opened: a camera that goes on takes the next test's time.</summary>
    public async Task ClosePagesAsync()
    {
        await Task.WhenAll(_pages.Select(page => page.CloseAsync()));
        _pages.Clear();
    }

    /// <summary>Kills the node as a crash would, and starts another one at the same address.</summary>
    public async Task RestartNodeAsync() => Node = await Node.RestartAsync();

    public async Task DisposeAsync()
    {
        // What did not start is not ended.
        foreach (var part in (IAsyncDisposable?[])[.. _browsers, Pages, _api, Node, _operator, Redis, _cluster])
        {
            await (part?.DisposeAsync() ?? ValueTask.CompletedTask);
        }

        Directory.Delete(_folder, recursive: true);
    }
}
