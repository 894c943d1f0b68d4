using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using BuildIt.Testing;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace BuildIt.EndToEnd.Tests.Chart;

/// <summary>
/// What the webhook's condition lets through, evaluated by a current server. The server of definitions has no webhooks, so the
/// expression stands as a rule of a definition whose objects hold what a condition is given: request, object and oldObject.
/// </summary>
public sealed class WebhookConditionTests(DefinitionServer server) : IClassFixture<DefinitionServer>, IAsyncLifetime
{
    private const string Group = "conditions.buildit.network";
    private const string Plural = "questions";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(true, """{"request":{"operation":"CREATE"},"object":{"spec":{"region":"a"}}}""")]
    [InlineData(true, """{"request":{"operation":"UPDATE"},"object":{"spec":{"region":"b"}},"oldObject":{"spec":{"region":"a"}}}""")]
    [InlineData(true, """{"request":{"operation":"UPDATE"},"object":{"spec":{"region":"a"}},"oldObject":{}}""")]
    [InlineData(true, """{"request":{"operation":"UPDATE"},"object":{},"oldObject":{"spec":{"region":"a"}}}""")]
    [InlineData(false, """{"request":{"operation":"UPDATE"},"object":{"spec":{"region":"a"},"note":"banned"},"oldObject":{"spec":{"region":"a"}}}""")]
    public async Task OnlyWhatChangesASpecIsChecked(bool isChecked, string question)
    {
        var item = new JsonObject
        {
            ["apiVersion"] = $"{Group}/v1",
            ["kind"] = "Question",
            ["metadata"] = new JsonObject { ["generateName"] = "question-" },
        };
        foreach (var (name, value) in JsonNode.Parse(question)!.AsObject())
        {
            item[name] = value?.DeepClone();
        }

        var refusal = await Record.ExceptionAsync(() => server.Client.CustomObjects.CreateClusterCustomObjectAsync(item, Group, "v1", Plural));

        if (isChecked)
        {
            Assert.Null(refusal);
        }
        else
        {
            Assert.Contains("there-is-something-to-check", Assert.IsType<HttpOperationException>(refusal).Response.Content, StringComparison.Ordinal);
        }
    }

    public async Task InitializeAsync()
    {
        var webhook = (await HelmChart.RenderAsync("--kube-version", "1.28.0")).OfKind("ValidatingWebhookConfiguration").Single()["webhooks"]![0]!;
        var rules = webhook["matchConditions"]!.AsArray().Select(condition => new JsonObject
        {
            ["rule"] = Regex.Replace(condition!["expression"]!.GetValue<string>(), @"\b(request|object|oldObject)\b(?=\.)", "self.$1"),
            ["message"] = condition["name"]!.GetValue<string>(),
        });
        await server.Client.ApiextensionsV1.PatchCustomResourceDefinitionAsync(
            new V1Patch(Definition(new JsonArray([.. rules])).ToJsonString(), V1Patch.PatchType.ApplyPatch), $"{Plural}.{Group}", fieldManager: "tests");
        using var patience = new CancellationTokenSource(Patience);
        while (!await IsServedAsync())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), patience.Token);
        }
    }

    public Task DisposeAsync() => Task.CompletedTask;

    private async Task<bool> IsServedAsync()
    {
        try
        {
            await server.Client.CustomObjects.ListClusterCustomObjectAsync(Group, "v1", Plural);
            return true;
        }
        catch (HttpOperationException early) when (early.Response.StatusCode is HttpStatusCode.NotFound)
        {
            return false;
        }
    }

    private static JsonObject Definition(JsonArray rules) => new()
    {
        ["apiVersion"] = "apiextensions.k8s.io/v1",
        ["kind"] = "CustomResourceDefinition",
        ["metadata"] = new JsonObject { ["name"] = $"{Plural}.{Group}" },
        ["spec"] = new JsonObject
        {
            ["group"] = Group,
            ["scope"] = "Cluster",
            ["names"] = new JsonObject { ["plural"] = Plural, ["singular"] = "question", ["kind"] = "Question", ["listKind"] = "QuestionList" },
            ["versions"] = new JsonArray(new JsonObject
            {
                ["name"] = "v1",
                ["served"] = true,
                ["storage"] = true,
                ["schema"] = new JsonObject
                {
                    ["openAPIV3Schema"] = new JsonObject
                    {
                        ["type"] = "object",
                        ["x-kubernetes-validations"] = rules,
                        ["properties"] = new JsonObject
                        {
                            ["request"] = Struct(("operation", Text())),
                            ["object"] = Struct(("note", Text()), ("spec", Map())),
                            ["oldObject"] = Struct(("note", Text()), ("spec", Map())),
                        },
                    },
                },
            }),
        },
    };

    private static JsonObject Text() => new() { ["type"] = "string", ["maxLength"] = 100 };

    // Of one type for both objects, as they are where the webhook's condition is evaluated.
    private static JsonObject Map() => new() { ["type"] = "object", ["maxProperties"] = 10, ["additionalProperties"] = Text() };

    private static JsonObject Struct(params (string Name, JsonObject Schema)[] fields) => new()
    {
        ["type"] = "object",
        ["properties"] = new JsonObject(fields.Select(field => KeyValuePair.Create(field.Name, (JsonNode?)field.Schema))),
    };
}
