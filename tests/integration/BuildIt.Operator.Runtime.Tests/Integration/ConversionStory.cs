using System.Diagnostics;
using System.Text.Json.Nodes;
using BuildIt.Operator.Runtime.Conversion;
using BuildIt.Operator.Runtime.Hosting;
using BuildIt.Operator.Runtime.Leadership;
using BuildIt.Operator.Runtime.Webhooks;
using BuildIt.Testing;
using k8s;
using k8s.Autorest;
using k8s.Models;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BuildIt.Operator.Runtime.Tests.Integration;

/// <summary>The life of a kind with two versions, at a real API server, as docs/upgrade.md tells it.</summary>
public abstract class ConversionStory(IConversionServer server) : IAsyncLifetime
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(2);
    private static readonly string Definition = $"gadgets.{Gadget.Group}";

    /// <summary>Where the webhook listens.</summary>
    protected int Port { get; } = FreePort.NextTcp();

    private string _ns = string.Empty;
    private GadgetClient _older = null!;
    private GadgetClient _newer = null!;

    public async Task InitializeAsync()
    {
        _ns = await server.CreateNamespaceAsync();
        (_older, _newer) = (new GadgetClient(server.Client, _ns, Gadget.Older), new GadgetClient(server.Client, _ns, Gadget.Newer));
    }

    public async Task DisposeAsync()
    {
        if ((await DefinitionsAsync()).SingleOrDefault(each => each.Metadata.Name == Definition) is not { } left)
        {
            return;
        }

        // Objects that nobody converts any more stand in the way of its end.
        if (left.Spec.Conversion?.Webhook is not null)
        {
            await ForgetWebhookAsync();
        }

        await server.Client.ApiextensionsV1.DeleteCustomResourceDefinitionAsync(Definition);
        await Eventually.TrueAsync(async () => (await DefinitionsAsync()).All(each => each.Metadata.Name != Definition));
    }

    [Fact]
    public async Task A_version_with_a_field_more_and_one_renamed_comes_in_beside_the_old_one_and_takes_over()
    {
        // The release before: one version.
        await ApplyAsync(Gadget.Definition(Gadget.Older, [Gadget.Older], null));
        await ServedAsync(() => _older.CreateAsync("first", """{"sound":{"level":3},"note":"kept"}"""));
        var uid = (await _older.GetAsync("first"))["metadata"]!["uid"]!.GetValue<string>();

        // The release that serves both. Its operator reads the new one, so that its cache is filled through its own webhook.
        await ApplyAsync(Gadget.Definition(Gadget.Older, [Gadget.Older, Gadget.Newer], Port));
        var downgrades = new CountedChange();
        using var host = await StartAsync(Gadget.Versioned(downgrades));
        await ServedAsync(() => _newer.GetAsync("first"));
        await Eventually.TrueAsync(() => host.Services.GetRequiredService<OperatorHealth>().IsReady, "the caches are complete");
        Assert.Equal("""{"mode":"Auto","note":"kept","sound":{"volume":3}}""", await _newer.SpecAsync("first"));
        Assert.Equal(uid, (await _newer.GetAsync("first"))["metadata"]!["uid"]!.GetValue<string>());

        // Each client sees what the other wrote, and an old one loses nothing that it does not know.
        await _newer.CreateAsync("second", """{"mode":"Quiet","sound":{"volume":7}}""");
        var second = await _older.GetAsync("second");
        Assert.Equal("""{"sound":{"level":7}}""", GadgetClient.SpecOf(second));
        second["spec"]!["sound"]!["level"] = 8;
        await _older.ReplaceAsync(second);
        Assert.Equal("""{"mode":"Quiet","sound":{"volume":8}}""", await _newer.SpecAsync("second"));
        Assert.Null((await _newer.GetAsync("second"))["metadata"]!["annotations"]);
        await _older.ApplyAsync("second", """{"note":"applied"}""", "old-file");
        await _newer.ApplyAsync("first", """{"mode":"Loud"}""", "new-file");
        Assert.Equal(["""{"mode":"Loud","note":"kept","sound":{"volume":3}}""", """{"mode":"Quiet","note":"applied","sound":{"volume":8}}"""], await _newer.ListAsync());
        Assert.Equal(["""{"note":"kept","sound":{"level":3}}""", """{"note":"applied","sound":{"level":8}}"""], await _older.ListAsync());

        // What a chart's upgrade applies again takes nothing away that the operator wrote.
        await ApplyAsync(Gadget.Definition(Gadget.Older, [Gadget.Older, Gadget.Newer], Port));
        Assert.NotEmpty((await ReadDefinitionAsync()).Spec.Conversion.Webhook.ClientConfig.CaBundle);

        // One release later the new one is stored; what is in store is of both.
        await ApplyAsync(Gadget.Definition(Gadget.Newer, [Gadget.Older, Gadget.Newer], Port));
        await StoredAsync(downgrades);
        Assert.Equal([Gadget.Older, Gadget.Newer], (await ReadDefinitionAsync()).Status.StoredVersions);
        foreach (var tooFar in (JsonObject[])[Gadget.Definition(Gadget.Newer, [Gadget.Newer], null), Gadget.Definition(Gadget.Older, [Gadget.Older], null)])
        {
            var refused = await Assert.ThrowsAsync<HttpOperationException>(() => ApplyAsync(tooFar));
            Assert.Contains("status.storedVersions", refused.Response.Content, StringComparison.Ordinal);
        }

        // One release back, and forth again.
        await ApplyAsync(Gadget.Definition(Gadget.Older, [Gadget.Older, Gadget.Newer], Port));
        await _newer.ApplyAsync("second", """{"note":"gone back"}""", "old-file");
        Assert.Equal("""{"note":"gone back","sound":{"level":8}}""", await _older.SpecAsync("second"));
        await ApplyAsync(Gadget.Definition(Gadget.Newer, [Gadget.Older, Gadget.Newer], Port));
        await StoredAsync(downgrades);

        // The commands of docs/upgrade.md.
        await ShellAsync($"kubectl get gadgets.{Gadget.Group} --all-namespaces -o json | kubectl replace -f -");
        await ShellAsync($$"""kubectl patch crd {{Definition}} --subresource=status --type=merge -p '{"status":{"storedVersions":["{{Gadget.Newer}}"]} }'""");

        // The release that has forgotten the old one asks nobody any more.
        await host.StopAsync();
        await ApplyAsync(Gadget.Definition(Gadget.Newer, [Gadget.Newer], Port));
        await ServedAsync(_newer.ListAsync);
        Assert.Equal(
            ["""{"mode":"Loud","note":"kept","sound":{"volume":3}}""", """{"mode":"Quiet","note":"gone back","sound":{"volume":8}}"""],
            (await _newer.ListAsync()).Where(each => each.Contains("note", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task While_nobody_converts_only_the_other_version_fails_and_says_so()
    {
        await ApplyAsync(Gadget.Definition(Gadget.Older, [Gadget.Older, Gadget.Newer], Port));
        await ServedAsync(() => _older.CreateAsync("first", """{"sound":{"level":3}}"""));
        using (var host = await StartAsync(Gadget.Versioned()))
        {
            await ServedAsync(() => _newer.GetAsync("first"));
            await host.StopAsync();
        }

        // A connection that was open ends with other words.
        await Eventually.TrueAsync(async () => (await FailureAsync(() => _newer.GetAsync("first"))).Contains("connection refused", StringComparison.Ordinal));
        Assert.Contains(
            $"conversion webhook for {Gadget.Group}/{Gadget.Older}, Kind=Gadget failed: ", await FailureAsync(() => _newer.GetAsync("first")), StringComparison.Ordinal);
        Assert.Contains("connection refused", await FailureAsync(() => _newer.CreateAsync("second", "{}")), StringComparison.Ordinal);
        var first = await _older.GetAsync("first");
        first["spec"]!["sound"]!["level"] = 4;
        await _older.ReplaceAsync(first);

        using var again = await StartAsync(Gadget.Versioned());
        await ServedAsync(() => _newer.GetAsync("first"));
        Assert.Equal("""{"mode":"Auto","sound":{"volume":4}}""", await _newer.SpecAsync("first"));
        await again.StopAsync();
    }

    [Fact]
    public async Task What_cannot_be_converted_is_named_to_whoever_asks()
    {
        await ApplyAsync(Gadget.Definition(Gadget.Older, [Gadget.Older, Gadget.Newer, Gadget.Unheard], Port, loose: true));
        await ServedAsync(() => _older.CreateAsync("good", """{"sound":{"level":3}}"""));
        await _older.CreateAsync("odd", """{"sound":"loud"}""");
        using var host = await StartAsync(Gadget.Versioned(), caches: false);
        await ServedAsync(() => _newer.GetAsync("good"));

        Assert.Contains(
            $"Gadget.{Gadget.Group} \\\"{_ns}/odd\\\" cannot be converted to {Gadget.Group}/{Gadget.Newer}: sound, on the way to spec.sound.level, is a text and not an object",
            await FailureAsync(() => _newer.GetAsync("odd")),
            StringComparison.Ordinal);
        Assert.Contains("spec.sound.level", await FailureAsync(_newer.ListAsync), StringComparison.Ordinal);
        Assert.Contains(
            $"'{Gadget.Group}/{Gadget.Unheard}' is no version of it; known are {Gadget.Group}/{Gadget.Older}, {Gadget.Group}/{Gadget.Newer}",
            await FailureAsync(() => new GadgetClient(server.Client, _ns, Gadget.Unheard).GetAsync("good")),
            StringComparison.Ordinal);
        await host.StopAsync();
    }

    [Fact]
    public async Task The_release_that_brought_the_version_can_be_gone_back_from_and_taken_again()
    {
        await ApplyAsync(Gadget.Definition(Gadget.Older, [Gadget.Older], null));
        await ApplyAsync(Gadget.Definition(Gadget.Older, [Gadget.Older, Gadget.Newer], Port));
        using var host = await StartAsync(Gadget.Versioned(), caches: false);
        await ServedAsync(() => _newer.CreateAsync("first", """{"mode":"Quiet","sound":{"volume":3}}"""));

        // The caBundle is the operator's, and without the rest of its webhook no definition may have one.
        await Assert.ThrowsAsync<HttpOperationException>(() => ApplyAsync(Gadget.Definition(Gadget.Older, [Gadget.Older], null)));
        await ForgetWebhookAsync();
        await ApplyAsync(Gadget.Definition(Gadget.Older, [Gadget.Older], null));
        Assert.Equal("""{"sound":{"level":3}}""", await _older.SpecAsync("first"));

        // What kubectl changed is kubectl's until somebody insists.
        await Assert.ThrowsAsync<HttpOperationException>(() => ApplyAsync(Gadget.Definition(Gadget.Older, [Gadget.Older, Gadget.Newer], Port)));
        await ApplyAsync(Gadget.Definition(Gadget.Older, [Gadget.Older, Gadget.Newer], Port), force: true);
        await ServedAsync(() => _newer.GetAsync("first"));
        Assert.Equal("""{"mode":"Quiet","sound":{"volume":3}}""", await _newer.SpecAsync("first"));
        await host.StopAsync();
    }

    [Fact]
    public async Task A_definition_that_asks_another_installation_is_left_alone()
    {
        var other = Gadget.Definition(Gadget.Older, [Gadget.Older, Gadget.Newer], Port);
        other["spec"]!["conversion"]!["webhook"]!["clientConfig"]!["url"] = $"https://localhost:{Port}/convert";
        await ApplyAsync(other);
        using var host = await StartAsync(Gadget.Versioned(), caches: false);
        await host.Services.GetRequiredService<WebhookCertificates>().WaitUntilReadyAsync(CancellationToken.None).WaitAsync(Eventually.Patience);
        await host.StopAsync();

        Assert.Null((await ReadDefinitionAsync()).Spec.Conversion.Webhook.ClientConfig.CaBundle);
    }

    private protected async Task<IHost> StartAsync(VersionedKind kind, bool caches = true)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.SetMinimumLevel(LogLevel.Error).AddConsole();
        var runtime = builder.Services.AddOperator(new OperatorOptions
        {
            Name = "runtime-tests",
            OwnNamespace = _ns,
            WatchNamespace = _ns,
            ClientConfiguration = server.OperatorConfiguration,
            Informer = Connections.QuickInformer,
        });
        runtime.AddWebhooks(new WebhookOptions
        {
            Port = Port,
            Names = ["127.0.0.1"],
            SecretNamespace = _ns,
            SecretName = "webhook",
            WebhookConfiguration = $"runtime-tests-{_ns}",
            CheckInterval = TimeSpan.FromSeconds(1),
        });
        runtime.AddConversion(kind);
        if (caches)
        {
            runtime.AddCache<Gadget>();
        }

        builder.Services.AddSingleton<ILeadershipLoss, IgnoreLoss>();
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }

    /// <summary>As Helm does. Nobody else's field is taken away by it, and what it had before and lacks now is.</summary>
    private Task ApplyAsync(JsonObject definition, bool force = false) => server.Client.ApiextensionsV1.PatchCustomResourceDefinitionAsync(
        new V1Patch(definition.ToJsonString(), V1Patch.PatchType.ApplyPatch), Definition, fieldManager: "helm", force: force);

    /// <summary>What docs/upgrade.md says to do before definitions that know of no webhook.</summary>
    private Task ForgetWebhookAsync() => ShellAsync($$"""kubectl patch crd {{Definition}} --type=json -p '[{"op":"remove","path":"/spec/conversion"}]'""");

    private async Task<IEnumerable<V1CustomResourceDefinition>> DefinitionsAsync() => (await server.Client.ApiextensionsV1.ListCustomResourceDefinitionAsync()).Items;

    private Task<V1CustomResourceDefinition> ReadDefinitionAsync() => server.Client.ApiextensionsV1.ReadCustomResourceDefinitionAsync(Definition);

    /// <summary>A changed definition is in force, and its webhook trusted, a moment after it was taken.</summary>
    private static async Task ServedAsync(Func<Task> call)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                await call();
                return;
            }
            catch (HttpOperationException early)
            {
                Assert.True(watch.Elapsed < Eventually.Patience, early.Response.Content);
                await Task.Delay(20);
            }
        }
    }

    /// <summary>Waits until an object of the new version is stored without being converted.</summary>
    private Task StoredAsync(CountedChange downgrades) => Eventually.TrueAsync(async () =>
    {
        var before = downgrades.Count;
        await _newer.CreateAsync($"probe-{Guid.NewGuid():N}", "{}");
        return downgrades.Count == before;
    });

    private static async Task<string> FailureAsync(Func<Task> call) => (await Assert.ThrowsAsync<HttpOperationException>(call)).Response.Content;

    private async Task ShellAsync(string command)
    {
        var tools = (await ChildProcess.RunAsync(RepositoryRoot.Path("tests", "cluster", "tools.sh"), [], Timeout)).Trim();
        await ChildProcess.RunAsync("bash", ["-euo", "pipefail", "-c", command], Timeout, new Dictionary<string, string?>
        {
            ["KUBECONFIG"] = server.KubeconfigPath,
            ["PATH"] = $"{tools}:{Environment.GetEnvironmentVariable("PATH")}",
        });
    }

    /// <summary>Changes nothing, and counts how often a new object was made one of the older version, that is, to be stored.</summary>
    private sealed class CountedChange : IFieldChange
    {
        private int _count;

        public int Count => Volatile.Read(ref _count);

        public void Upgrade(JsonObject item, KeptFields kept)
        {
        }

        public void Downgrade(JsonObject item, KeptFields kept)
        {
            // What comes from the store, as the API server's cache of the older version reads it, has a version there.
            if (item["metadata"]!["resourceVersion"] is null)
            {
                Interlocked.Increment(ref _count);
            }
        }
    }
}
