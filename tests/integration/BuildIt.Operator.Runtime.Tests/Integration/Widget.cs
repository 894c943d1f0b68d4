using BuildIt.Testing;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace BuildIt.Operator.Runtime.Tests.Integration;

/// <summary>A kind of our own with a status subresource.</summary>
[KubernetesEntity(Group = "tests.buildit.network", ApiVersion = "v1", Kind = "Widget", PluralName = "widgets")]
internal sealed class Widget : IKubernetesObject<V1ObjectMeta>, IStatus<WidgetStatus?>
{
    public string ApiVersion { get; set; } = "tests.buildit.network/v1";

    public string Kind { get; set; } = "Widget";

    public V1ObjectMeta Metadata { get; set; } = new();

    public WidgetStatus? Status { get; set; }

    /// <summary>Makes the server know the kind.</summary>
    public static async Task InstallAsync(KubernetesCluster cluster)
    {
        try
        {
            await cluster.Client.ApiextensionsV1.CreateCustomResourceDefinitionAsync(new V1CustomResourceDefinition
            {
                Metadata = new V1ObjectMeta { Name = "widgets.tests.buildit.network" },
                Spec = new V1CustomResourceDefinitionSpec
                {
                    Group = "tests.buildit.network",
                    Scope = "Namespaced",
                    Names = new V1CustomResourceDefinitionNames { Kind = "Widget", Plural = "widgets", Singular = "widget" },
                    Versions =
                    [
                        new V1CustomResourceDefinitionVersion
                        {
                            Name = "v1",
                            Served = true,
                            Storage = true,
                            Subresources = new V1CustomResourceSubresources { Status = new object() },
                            Schema = new V1CustomResourceValidation { OpenAPIV3Schema = new V1JSONSchemaProps { Type = "object", XKubernetesPreserveUnknownFields = true } },
                        },
                    ],
                },
            });
        }
        catch (HttpOperationException refused) when (refused.Response.StatusCode == System.Net.HttpStatusCode.Conflict)
        {
        }

        await Eventually.TrueAsync(async () => await cluster.Connect().GetRawAsync("apis/tests.buildit.network/v1/widgets", CancellationToken.None) is not null);
    }
}

internal sealed record WidgetStatus(string Message);
