using System.Text.Json.Nodes;
using BuildIt.Testing;

namespace BuildIt.EndToEnd.Tests.Chart;

/// <summary>
/// The chart grants the operator what its own list of requests names, no verb more and none less. That the list is what
/// the operator does is shown beside the operator, against a real API server.
/// </summary>
public sealed class RightsTests
{
    private static readonly Lazy<JsonNode> Declared = new(() =>
        HelmChart.Parse(File.ReadAllText(RepositoryRoot.Path("operator", "BuildIt.Operator", "rbac.yaml"))).Single());

    [Fact]
    public async Task TheOperatorMayDoExactlyWhatItDoes()
    {
        var objects = await HelmChart.RenderAsync();
        Assert.Equal(Rights(Declared.Value["watched"]!), Rights(objects.Named("ClusterRole", "buildit-sfu-operator")["rules"]!));
        Assert.Equal(Rights(Declared.Value["cluster"]!), Rights(objects.Named("ClusterRole", "buildit-sfu-operator-nodes")["rules"]!));
        Assert.Equal(Rights(Declared.Value["own"]!), Rights(objects.Named("Role", "buildit-sfu-operator")["rules"]!));
    }

    [Fact]
    public async Task WatchingOneNamespaceTheRightsEndThere()
    {
        var objects = await HelmChart.RenderAsync("--set", "watchNamespace=calls");
        var role = objects.OfKind("Role").Single(each => each["metadata"]!["namespace"]!.GetValue<string>() == "calls");
        Assert.Equal(Rights(Declared.Value["watched"]!), Rights(role["rules"]!));
        Assert.DoesNotContain(objects.OfKind("ClusterRole"), each => each["metadata"]!["name"]!.GetValue<string>() == "buildit-sfu-operator");
        var binding = objects.OfKind("RoleBinding").Single(each => each["metadata"]!["namespace"]!.GetValue<string>() == "calls");
        Assert.Equal("buildit-sfu", binding["subjects"]![0]!["namespace"]!.GetValue<string>());
    }

    [Fact]
    public async Task OnlyItsOwnWebhookMayBeChanged()
    {
        var objects = await HelmChart.RenderAsync();
        var rule = objects.Named("ClusterRole", "buildit-sfu-operator-nodes")["rules"]!.AsArray()
            .Single(each => each!["resources"]![0]!.GetValue<string>() == "validatingwebhookconfigurations")!;
        var name = Assert.Single(rule["resourceNames"]!.AsArray())!.GetValue<string>();
        Assert.Equal(name, objects.OfKind("ValidatingWebhookConfiguration").Single()["metadata"]!["name"]!.GetValue<string>());
    }

    [Fact]
    public async Task NobodyIsGrantedEverything()
    {
        var rules = (await HelmChart.RenderAsync("--set", "redis.enabled=true")).Where(each => each["rules"] is not null);
        Assert.DoesNotContain(rules.SelectMany(each => Rights(each["rules"]!)), right => right.Contains('*', StringComparison.Ordinal));
    }

    /// <summary>One line per group, resource and verb, in order.</summary>
    private static List<string> Rights(JsonNode rules) =>
        [.. (from rule in rules.AsArray()
             from apiGroup in Texts(rule!["apiGroups"])
             from resource in Texts(rule!["resources"])
             from verb in Texts(rule!["verbs"])
             select $"{apiGroup}/{resource} {verb}").Order(StringComparer.Ordinal)];

    private static IEnumerable<string> Texts(JsonNode? list) => list!.AsArray().Select(each => each!.GetValue<string>());
}
