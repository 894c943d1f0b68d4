using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using BuildIt.Operator.Api.Schema;
using BuildIt.Operator.CrdGen;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace BuildIt.Operator.Api.Tests.Definitions;

/// <summary>crds/ as a current Kubernetes takes them.</summary>
[Collection(nameof(CurrentServer))]
public sealed class DefinitionTests(CurrentServer server)
{
    public static TheoryData<string> Files() => [.. CurrentServer.DefinitionFiles().Select(file => Path.GetFileName(file))];

    /// <summary>Every rule that stands on an object with a default: kind and path of the object.</summary>
    public static TheoryData<string, string> DefaultsWithRules()
    {
        var rows = new TheoryData<string, string>();
        foreach (var (kind, path) in CrdDocument.Kinds.SelectMany(kind => Paths(SchemaBuilder.For(kind), string.Empty).Select(path => (kind.Name, path))))
        {
            rows.Add(kind, path);
        }

        return rows;
    }

    [Fact]
    public void The_server_is_one_that_evaluates_rules() =>
        Assert.True(Version.Parse(server.Server.Version) >= new Version(1, 29), server.Server.Version);

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Is_accepted_and_applying_it_again_changes_nothing(string file)
    {
        var first = await server.ApplyDefinitionAsync(Path.Combine(RepositoryFiles.Root, "crds", file));
        var tried = await server.ApplyDefinitionAsync(Path.Combine(RepositoryFiles.Root, "crds", file), dryRun: true);
        var second = await server.ApplyDefinitionAsync(Path.Combine(RepositoryFiles.Root, "crds", file));

        Assert.Equal(first.Metadata.ResourceVersion, second.Metadata.ResourceVersion);
        Assert.Equal(first.Metadata.Generation, tried.Metadata.Generation);
        Assert.Equal(JsonSerializer.Serialize(first.Spec), JsonSerializer.Serialize(tried.Spec));
        Assert.Contains(second.Status.Conditions, c => c is { Type: "Established", Status: "True" });
        Assert.DoesNotContain(second.Status.Conditions, c => c is { Type: "NonStructuralSchema", Status: "True" });
    }

    /// <summary>What a server did to the definitions when defaults were left to those of the members.</summary>
    [Theory]
    [MemberData(nameof(DefaultsWithRules))]
    public async Task A_default_that_its_rule_cannot_be_evaluated_on_is_refused(string kind, string path)
    {
        var name = $"{CurrentServer.PluralOf(kind)}.{SfuApi.Group}";
        var definition = await server.Server.Client.ApiextensionsV1.ReadCustomResourceDefinitionAsync(name);
        var schema = path.Split('.').Aggregate(definition.Spec.Versions[0].Schema.OpenAPIV3Schema, (node, member) => node.Properties[member]);
        Assert.True(JsonNode.DeepEquals(SchemaOf(kind, path).WholeDefault(), JsonSerializer.SerializeToNode(schema.DefaultProperty)), path);
        schema.DefaultProperty = new JsonObject();

        var refused = await Assert.ThrowsAsync<HttpOperationException>(() => server.Server.Client.ApiextensionsV1.ReplaceCustomResourceDefinitionAsync(definition, name, dryRun: "All"));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.Response.StatusCode);
        Assert.Contains("no such key", refused.Response.Content, StringComparison.Ordinal);
    }

    private static SchemaNode SchemaOf(string kind, string path) =>
        path.Split('.').Aggregate(SchemaBuilder.For(CrdDocument.Kinds.Single(k => k.Name == kind)), (node, member) => node.Property(member)!);

    private static IEnumerable<string> Paths(SchemaNode node, string path)
    {
        var own = node is { Rules.Count: > 0, Default: JsonObject } ? [path] : Array.Empty<string>();
        return own.Concat(node.Properties.SelectMany(p => Paths(p.Value, path.Length == 0 ? p.Key : $"{path}.{p.Key}")));
    }
}
