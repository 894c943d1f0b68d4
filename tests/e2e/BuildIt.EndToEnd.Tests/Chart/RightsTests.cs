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
        var role = InCalls("Role");
        Assert.Equal(Rights(Declared.Value["watched"]!), Rights(role["rules"]!));
        Assert.DoesNotContain(objects.OfKind("ClusterRole"), each => each["metadata"]!["name"]!.GetValue<string>() == "buildit-sfu-operator");
        var binding = InCalls("RoleBinding");
        Assert.Equal("buildit-sfu", binding["subjects"]![0]!["namespace"]!.GetValue<string>());

        // The operator's by name: who may ask for its reasons has a role of its own there.
        JsonNode InCalls(string kind) => objects.OfKind(kind).Single(each =>
            (each["metadata"]!["namespace"]!.GetValue<string>(), each["metadata"]!["name"]!.GetValue<string>()) is ("calls", var name)
            && name.EndsWith("-operator", StringComparison.Ordinal));
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
    public async Task BesideFleetsOnlyItsOwnSecretAndLeaseMayBeRead()
    {
        var objects = await HelmChart.RenderAsync();
        foreach (var (resource, kind) in (ReadOnlySpan<(string, string)>)[("secrets", "Secret"), ("leases", "Lease")])
        {
            var own = objects.OfKind(kind).Single()["metadata"]!["name"]!.GetValue<string>();
            foreach (var rule in objects.Named("Role", "buildit-sfu-operator")["rules"]!.AsArray().Where(rule => Texts(rule!["resources"]).Contains(resource)))
            {
                // What is created has no name yet by which a rule could know it.
                Assert.True(Texts(rule!["verbs"]).SequenceEqual(["create"]) || Texts(rule["resourceNames"]).SequenceEqual([own]), rule.ToJsonString());
            }
        }
    }

    [Fact]
    public async Task InstallationsSideBySideElectLeadersApart()
    {
        var leases = new List<string>();
        foreach (var name in (string[])["one", "other"])
        {
            var objects = await HelmChart.RenderAsync("--set", $"fullnameOverride={name}");
            leases.Add(objects.OfKind("Lease").Single()["metadata"]!["name"]!.GetValue<string>());
            var variables = HelmChart.PodOf(objects.Named("Deployment", $"{name}-operator"))!["containers"]![0]!["env"]!.AsArray();
            Assert.Equal(leases[^1], variables.Single(each => each!["name"]!.GetValue<string>() == "BUILDIT_OPERATOR_LEASE")!["value"]!.GetValue<string>());
        }

        Assert.NotEqual(leases[0], leases[1]);
    }

    [Fact]
    public async Task WhoMayEditMayReadTheScaleThatHeWrites()
    {
        var objects = await HelmChart.RenderAsync();
        Assert.Superset(
            new HashSet<string>(((string[])["get", "patch", "update"]).Select(verb => $"sfu.buildit.network/sfuclusters/scale {verb}")),
            Rights(objects.Named("ClusterRole", "buildit-sfu-edit")["rules"]!).ToHashSet());
        Assert.Contains("sfu.buildit.network/sfuclusters/scale get", Rights(objects.Named("ClusterRole", "buildit-sfu-view")["rules"]!));
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
