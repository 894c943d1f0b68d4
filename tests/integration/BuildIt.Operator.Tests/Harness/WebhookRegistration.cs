using k8s;
using k8s.Models;

namespace BuildIt.Operator.Tests.Harness;

/// <summary>Tells the API server to ask an operator on this machine about the objects of one namespace.</summary>
internal static class WebhookRegistration
{
    /// <param name="world">The namespace; the configuration has its name.</param>
    /// <param name="port">Where the operator listens.</param>
    public static async Task CreateAsync(FleetWorld world, int port)
    {
        await world.Client.CoreV1.PatchNamespaceAsync(
            new V1Patch("{\"metadata\":{\"labels\":{\"webhook-test\":\"" + world.Namespace + "\"}}}", V1Patch.PatchType.MergePatch), world.Namespace);
        await world.Client.AdmissionregistrationV1.CreateValidatingWebhookConfigurationAsync(new V1ValidatingWebhookConfiguration
        {
            Metadata = new V1ObjectMeta { Name = world.Namespace },
            Webhooks =
            [
                new V1ValidatingWebhook
                {
                    Name = "validate.sfu.buildit.network",
                    AdmissionReviewVersions = ["v1"],
                    SideEffects = "None",
                    FailurePolicy = "Fail",
                    NamespaceSelector = new V1LabelSelector { MatchLabels = new Dictionary<string, string> { ["webhook-test"] = world.Namespace } },
                    ClientConfig = new Admissionregistrationv1WebhookClientConfig { Url = $"https://127.0.0.1:{port}/validate" },
                    Rules = [new V1RuleWithOperations { ApiGroups = ["sfu.buildit.network"], ApiVersions = ["v1alpha1"], Operations = ["CREATE", "UPDATE"], Resources = ["sfuclusters", "conferencerooms", "regionlinks"] }],
                },
            ],
        });
    }
}
