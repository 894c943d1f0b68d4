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

    /// <summary>The same as a user does it, with the real program.</summary>
    [Theory]
    [InlineData("charts/buildit-sfu/examples/small.yaml")]
    [InlineData("charts/buildit-sfu/examples/production.yaml")]
    public async Task Kubectl_finds_no_difference_after_applying_it(string example)
    {
        var file = Path.Combine(RepositoryFiles.Root, example);
        await server.Server.KubectlAsync("apply", "--namespace", CurrentServer.Namespace, "--validate=false", "-f", file);

        // kubectl diff ends with code 1, and this call fails, when it finds one.
        Assert.Empty(await server.Server.KubectlAsync("diff", "--namespace", CurrentServer.Namespace, "-f", file));
    }

    private static IEnumerable<JsonNode> Ours(string file) =>
        YamlDocuments.Read(file).Where(document => document["apiVersion"]?.GetValue<string>() == SfuApi.GroupVersion);
}
