using BuildIt.Operator.Api;
using k8s;
using k8s.Models;

namespace BuildIt.Operator.Tests.Harness;

/// <summary>
/// Makes the API server answer 500 to some writes in one namespace until disposed: it is told to ask a webhook at which nobody
/// listens.
/// </summary>
internal sealed class FailingWrites : IAsyncDisposable
{
    private readonly FleetWorld _world;
    private readonly string _name;

    private FailingWrites(FleetWorld world, string name)
    {
        _world = world;
        _name = name;
    }

    /// <param name="world">The namespace.</param>
    /// <param name="resource">Which objects, in the plural, as <c>pods</c>.</param>
    /// <param name="operations">CREATE, UPDATE, DELETE.</param>
    public static async Task<FailingWrites> StartAsync(FleetWorld world, string resource, params string[] operations)
    {
        await world.Client.CoreV1.PatchNamespaceAsync(
            new V1Patch("{\"metadata\":{\"labels\":{\"failing-writes\":\"" + world.Namespace + "\"}}}", V1Patch.PatchType.MergePatch), world.Namespace);
        var failing = new FailingWrites(world, $"{world.Namespace}-{resource.Replace('/', '-')}");
        await world.Client.AdmissionregistrationV1.CreateValidatingWebhookConfigurationAsync(new V1ValidatingWebhookConfiguration
        {
            Metadata = new V1ObjectMeta { Name = failing._name },
            Webhooks =
            [
                new V1ValidatingWebhook
                {
                    Name = "nobody.listens.example.com",
                    AdmissionReviewVersions = ["v1"],
                    SideEffects = "None",
                    FailurePolicy = "Fail",
                    NamespaceSelector = new V1LabelSelector { MatchLabels = new Dictionary<string, string> { ["failing-writes"] = world.Namespace } },
                    ClientConfig = new Admissionregistrationv1WebhookClientConfig { Url = "https://127.0.0.1:1/" },
                    Rules = [new V1RuleWithOperations { ApiGroups = ["", "policy", "sfu.buildit.network"], ApiVersions = ["*"], Operations = operations, Resources = [resource] }],
                },
            ],
        });

        // A new configuration takes a moment to be in force.
        await Eventually.TrueAsync(() => failing.IsInForceAsync(resource, operations[0]), $"{operations[0]} of {resource} fails");

        return failing;
    }

    public async ValueTask DisposeAsync() => await _world.Client.AdmissionregistrationV1.DeleteValidatingWebhookConfigurationAsync(_name);

    private async Task<bool> IsInForceAsync(string resource, string operation)
    {
        try
        {
            var core = _world.Client.CoreV1;
            await ((resource, operation) switch
            {
                ("pods", "CREATE") => core.CreateNamespacedPodAsync(Probe(), _world.Namespace, dryRun: "All"),
                ("pods", _) => core.PatchNamespacedPodAsync(Touch, (await _world.PodNamesAsync())[0], _world.Namespace, dryRun: "All"),
                ("sfuclusters", _) => _world.Client.CustomObjects.PatchNamespacedCustomObjectAsync(
                    Touch, SfuApi.Group, SfuApi.Version, _world.Namespace, SfuCluster.Plural, FleetWorld.Fleet, dryRun: "All"),
                ("services", "CREATE") => (Task)core.CreateNamespacedServiceAsync(ProbeService(), _world.Namespace, dryRun: "All"),
                _ => throw new ArgumentException($"{operation} of {resource} is not known here", nameof(resource)),
            });
            return false;
        }
        catch (k8s.Autorest.HttpOperationException refused) when (refused.Response.StatusCode is System.Net.HttpStatusCode.InternalServerError)
        {
            return true;
        }
    }

    private static V1Patch Touch => new("""{"metadata":{"annotations":{"probe":"1"}}}""", V1Patch.PatchType.MergePatch);

    private static V1Pod Probe() => new()
    {
        Metadata = new V1ObjectMeta { Name = "probe" },
        Spec = new V1PodSpec { Containers = [new V1Container { Name = "main", Image = "none" }] },
    };

    private static V1Service ProbeService() => new()
    {
        Metadata = new V1ObjectMeta { Name = "probe" },
        Spec = new V1ServiceSpec { Ports = [new V1ServicePort { Port = 80 }] },
    };
}
