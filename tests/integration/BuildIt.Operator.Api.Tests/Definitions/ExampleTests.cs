using System.Text.Json.Nodes;

namespace BuildIt.Operator.Api.Tests.Definitions;

/// <summary>What users are shown, as a current Kubernetes takes it.</summary>
[Collection(nameof(CurrentServer))]
public sealed class ExampleTests(CurrentServer server)
{
    /// <summary>Every object of our kinds in the chart's examples, and the fleets that the golden pods are made from.</summary>
    public static TheoryData<string> Files() =>
    [
        .. Directory.EnumerateFiles(Path.Combine(RepositoryFiles.Root, "charts", "buildit-sfu", "examples"), "*.yaml")
            .Concat(Directory.EnumerateFiles(Path.Combine(RepositoryFiles.Root, "tests", "unit", "BuildIt.Operator.Resources.Tests", "Golden"), "cluster.yaml", SearchOption.AllDirectories))
            .Where(file => Ours(file).Any())
            .Select(file => Path.GetRelativePath(RepositoryFiles.Root, file))
            .Order(StringComparer.Ordinal),
    ];

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Is_accepted_and_applying_it_again_changes_nothing(string file)
    {
        foreach (var example in Ours(Path.Combine(RepositoryFiles.Root, file)))
        {
            example["metadata"] = new JsonObject { ["name"] = server.NewName() };
            var first = await server.ApplyAsync(example);
            var tried = await server.ApplyAsync(example, dryRun: true);
            var second = await server.ApplyAsync(example);

            Assert.Equal(first.ToJsonString(), tried.ToJsonString());
            Assert.Equal(first.ToJsonString(), second.ToJsonString());
        }
    }

    private static IEnumerable<JsonNode> Ours(string file) =>
        YamlDocuments.Read(file).Where(document => document["apiVersion"]?.GetValue<string>() == SfuApi.GroupVersion);
}
