using BuildIt.Operator.Runtime.Admission;
using BuildIt.Operator.Runtime.Client;
using BuildIt.Operator.Runtime.Webhooks;
using BuildIt.Testing;
using k8s;
using k8s.Autorest;
using k8s.Models;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace BuildIt.Operator.Runtime.Tests.Integration;

[Collection(ApiCollection.Name)]
public sealed class WebhookServerTests(KubernetesCluster cluster)
{
    [Fact]
    public async Task The_api_server_trusts_the_webhook_through_every_rotation()
    {
        var ns = await cluster.CreateNamespaceAsync();
        var options = Options(ns) with
        {
            CheckInterval = TimeSpan.FromSeconds(1),
            Lifetimes = new CertificateLifetimes
            {
                Authority = TimeSpan.FromSeconds(40),
                RenewAuthorityBefore = TimeSpan.FromSeconds(32),
                Server = TimeSpan.FromSeconds(20),
                RenewServerBefore = TimeSpan.FromSeconds(15),
            },
        };
        using var certificates = Certificates(options);
        await using var server = new WebhookServer(options, certificates, [new NoBadData()], [], TimeProvider.System, NullLoggerFactory.Instance);
        await server.StartAsync(CancellationToken.None);
        await RegisterAsync(options, server.Port, ns);
        await certificates.StartAsync(CancellationToken.None);
        await certificates.WaitUntilReadyAsync(CancellationToken.None).WaitAsync(Eventually.Patience);
        await Eventually.TrueAsync(async () => await RefusalAsync(ns, "bad") is { } said && said.Contains("data.bad: take it out", StringComparison.Ordinal));

        var shown = new HashSet<string>();
        var authorities = new HashSet<string>();
        for (var i = 0; shown.Count < 4 || authorities.Count < 2; i++)
        {
            shown.Add(certificates.Current!.Thumbprint);
            authorities.Add(certificates.Current!.Issuer);
            Assert.Null(await RefusalAsync(ns, "good"));
            Assert.Contains("data.bad: take it out", await RefusalAsync(ns, "bad"), StringComparison.Ordinal);
            Assert.True(i < 600, $"{shown.Count} certificates and {authorities.Count} authorities were seen");
            await Task.Delay(100);
        }

        await certificates.StopAsync(CancellationToken.None);
        await server.StoppedAsync(CancellationToken.None);
        await cluster.Client.AdmissionregistrationV1.DeleteValidatingWebhookConfigurationAsync(options.WebhookConfiguration);
    }

    [Fact]
    public async Task The_API_server_is_answered_until_no_Service_leads_here()
    {
        var options = Options(await cluster.CreateNamespaceAsync()) with { ShutdownDelay = TimeSpan.FromSeconds(5) };
        var time = new FakeTimeProvider();
        using var certificates = Certificates(options);
        await using var server = new WebhookServer(options, certificates, [], [], time, NullLoggerFactory.Instance);
        await server.StartAsync(CancellationToken.None);
        await certificates.StartAsync(CancellationToken.None);
        await certificates.WaitUntilReadyAsync(CancellationToken.None).WaitAsync(Eventually.Patience);

        await server.StoppingAsync(CancellationToken.None);
        await server.StopAsync(CancellationToken.None);
        var stopped = server.StoppedAsync(CancellationToken.None);
        time.Advance(TimeSpan.FromSeconds(4.9));
        Assert.False(await IsGoneAsync(server.Port));
        time.Advance(TimeSpan.FromSeconds(0.1));
        await stopped.WaitAsync(Eventually.Patience);
        Assert.True(await IsGoneAsync(server.Port));
        await certificates.StopAsync(CancellationToken.None);
    }

    private static async Task<bool> IsGoneAsync(int port)
    {
        using var http = new HttpClient(new HttpClientHandler { ServerCertificateCustomValidationCallback = HttpClientHandler.DangerousAcceptAnyServerCertificateValidator });
        try
        {
            using var answer = await http.GetAsync(new Uri($"https://127.0.0.1:{port}/validate"));
            return false;
        }
        catch (HttpRequestException refused) when (refused.HttpRequestError is HttpRequestError.ConnectionError)
        {
            return true;
        }
    }

    [Fact]
    public async Task Replicas_agree_on_one_certificate()
    {
        var ns = await cluster.CreateNamespaceAsync();
        var replicas = Enumerable.Range(0, 3).Select(_ => Certificates(Options(ns) with { CheckInterval = TimeSpan.FromMilliseconds(200) })).ToList();
        foreach (var replica in replicas)
        {
            await replica.StartAsync(CancellationToken.None);
        }

        await Eventually.TrueAsync(() => replicas.Select(r => r.Current?.Thumbprint).Distinct().ToList() is [not null]);
        foreach (var replica in replicas)
        {
            await replica.StopAsync(CancellationToken.None);
            replica.Dispose();
        }
    }

    private static WebhookOptions Options(string ns) => new()
    {
        Port = 0,
        Names = ["127.0.0.1"],
        SecretNamespace = ns,
        SecretName = "webhook",
        WebhookConfiguration = $"runtime-tests-{ns}",
    };

    private WebhookCertificates Certificates(WebhookOptions options) =>
        new(cluster.Connect(), options, [], TimeProvider.System, NullLogger<WebhookCertificates>.Instance);

    private async Task RegisterAsync(WebhookOptions options, int port, string ns)
    {
        await cluster.Client.CoreV1.PatchNamespaceAsync(
            new V1Patch("{\"metadata\":{\"labels\":{\"webhook-test\":\"" + ns + "\"}}}", V1Patch.PatchType.MergePatch), ns);
        await cluster.Client.AdmissionregistrationV1.CreateValidatingWebhookConfigurationAsync(new V1ValidatingWebhookConfiguration
        {
            Metadata = new V1ObjectMeta { Name = options.WebhookConfiguration },
            Webhooks =
            [
                new V1ValidatingWebhook
                {
                    Name = "configmaps.tests.buildit.network",
                    AdmissionReviewVersions = ["v1"],
                    SideEffects = "None",
                    FailurePolicy = "Fail",
                    NamespaceSelector = new V1LabelSelector { MatchLabels = new Dictionary<string, string> { ["webhook-test"] = ns } },
                    ClientConfig = new Admissionregistrationv1WebhookClientConfig { Url = $"https://127.0.0.1:{port}/validate" },
                    Rules = [new V1RuleWithOperations { ApiGroups = [""], ApiVersions = ["v1"], Operations = ["CREATE", "UPDATE"], Resources = ["configmaps"] }],
                },
            ],
        });
    }

    private async Task<string?> RefusalAsync(string ns, string key)
    {
        try
        {
            await cluster.Client.CoreV1.CreateNamespacedConfigMapAsync(
                new V1ConfigMap { Metadata = new V1ObjectMeta { GenerateName = "c-" }, Data = new Dictionary<string, string> { [key] = "x" } }, ns, dryRun: "All");
            return null;
        }
        catch (HttpOperationException refused)
        {
            return refused.Response.Content;
        }
    }

    private sealed class NoBadData : IAdmissionValidator
    {
        public string Kind => "ConfigMap";

        public IReadOnlyList<AdmissionFault> Validate(AdmissionRequest request) =>
            request.Object.TryGetProperty("data", out var data) && data.TryGetProperty("bad", out _) ? [new("data.bad", "take it out")] : [];
    }
}
