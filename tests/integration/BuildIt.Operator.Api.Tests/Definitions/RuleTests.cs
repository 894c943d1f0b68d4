using System.Net;
using System.Text.Json.Nodes;
using BuildIt.Operator.Api.Schema;
using BuildIt.Operator.CrdGen;
using k8s.Autorest;

namespace BuildIt.Operator.Api.Tests.Definitions;

/// <summary>Every rule in the Common Expression Language, evaluated by a server that does.</summary>
[Collection(nameof(CurrentServer))]
public sealed class RuleTests(CurrentServer server)
{
    /// <summary>Every rule of every kind: kind, field and message.</summary>
    public static TheoryData<string> Rules() => [.. CrdDocument.Kinds.SelectMany(RulesOf).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Rules))]
    public async Task Lets_pass_what_it_should_and_refuses_the_rest(string rule)
    {
        Assert.True(RuleCases.All.TryGetValue(rule, out var example), $"RuleCases has no example of what is accepted and what is refused by: {rule}");
        var (kind, field, message) = Parts(rule);
        var created = example.Before is { } before ? await server.CreateAsync(Item(kind, before)) : null;

        await WriteAsync(created, Item(kind, example.Accepted));
        var refused = await Assert.ThrowsAsync<HttpOperationException>(() => WriteAsync(created, Item(kind, example.Refused)));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.Response.StatusCode);
        var cause = Assert.Single(CurrentServer.Causes(refused));
        Assert.Equal(field, cause.Field);
        Assert.EndsWith(message, cause.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void No_example_is_left_over() => Assert.Empty(RuleCases.All.Keys.Except(CrdDocument.Kinds.SelectMany(RulesOf)));

    private async Task WriteAsync(JsonNode? stored, JsonNode item)
    {
        if (stored is null)
        {
            await server.CreateAsync(item);
            return;
        }

        item["metadata"] = new JsonObject { ["name"] = stored["metadata"]!["name"]!.DeepClone() };
        item["metadata"]!["resourceVersion"] = (await server.ReadAsync(item["kind"]!.GetValue<string>(), item["metadata"]!["name"]!.GetValue<string>()))["metadata"]!["resourceVersion"]!.DeepClone();
        await server.ReplaceAsync(item);
    }

    private JsonObject Item(string kind, string change) => new()
    {
        ["apiVersion"] = SfuApi.GroupVersion,
        ["kind"] = kind,
        ["metadata"] = new JsonObject { ["name"] = server.NewName() },
        ["spec"] = JsonMerge.Apply(JsonNode.Parse(RuleCases.Specs[kind]), JsonNode.Parse(change)),
    };

    private static (string Kind, string Field, string Message) Parts(string rule)
    {
        var (space, colon) = (rule.IndexOf(' ', StringComparison.Ordinal), rule.IndexOf(": ", StringComparison.Ordinal));
        return (rule[..space], rule[(space + 1)..colon], rule[(colon + 2)..]);
    }

    private static IEnumerable<string> RulesOf(Type kind) => RulesOf(SchemaBuilder.For(kind), kind.Name, string.Empty);

    private static IEnumerable<string> RulesOf(SchemaNode node, string kind, string path)
    {
        var own = node.Rules.Select(rule => $"{kind} {path}: {rule.Message}");
        var members = node.Properties.SelectMany(p => RulesOf(p.Value, kind, path.Length == 0 ? p.Key : $"{path}.{p.Key}"));
        var items = node.Items is { } item ? RulesOf(item, kind, path + "[0]") : [];
        var values = node.AdditionalProperties is { } value ? RulesOf(value, kind, path + "[key]") : [];
        return [.. own, .. members, .. items, .. values];
    }
}
