using System.Net;
using System.Text.Json.Nodes;
using BuildIt.Operator.Api.Tests.Validation;
using k8s.Autorest;

namespace BuildIt.Operator.Api.Tests.Definitions;

/// <summary>The bad resources of the suite without the webhook: what a current server refuses by itself.</summary>
[Collection(nameof(CurrentServer))]
public sealed class BadResourceRefusalTests(CurrentServer server)
{
    /// <summary>Bad in a way that a schema and its rules cannot say, so that only the webhook and the operator refuse them.</summary>
    private static readonly HashSet<string> OnlyTheWebhookKnows = new(StringComparer.Ordinal)
    {
        "affinity-that-cannot-be",
        "bandwidth-enormous",
        "bandwidth-too-small",
        "containers-on-the-host-network",
        "containers-want-taken-ports",
        "cron-out-of-range",
        "cron-with-six-fields",
        "link-between-strangers",
        "link-to-itself",
        "memory-without-unit",
        "negative-warm",
        "node-affinity-without-terms",
        "requests-above-limits",
        "reserved-container",
        "reserved-labels",
        "resources-that-are-none",
        "room-in-too-many-regions",
        "room-named-with-control-characters",
        "room-that-has-expired",
        "room-with-bad-selector",
        "spread-that-cannot-be",
        "static-address-unusable",
        "steps-of-zero",
        "stun-server-with-bad-port",
        "surge-of-zero",
        "tolerations-that-cannot-be",
        "unknown-time-zone",
        "variables-that-cannot-be",
        "warm-beyond-max",
    };

    public static TheoryData<string> Files() => BadResourceTests.Files();

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Is_refused_unless_only_the_webhook_can_know(string name)
    {
        var bad = Assert.Single(YamlDocuments.Read(RepositoryFiles.Test("Validation", "bad", name + ".yaml")));
        bad["metadata"] = new JsonObject { ["name"] = server.NewName() };
        if (OnlyTheWebhookKnows.Contains(name))
        {
            await server.CreateAsync(bad);
            return;
        }

        var refused = await Assert.ThrowsAsync<HttpOperationException>(() => server.CreateAsync(bad));
        Assert.Contains(refused.Response.StatusCode, (HttpStatusCode[])[HttpStatusCode.UnprocessableEntity, HttpStatusCode.BadRequest]);
    }

    [Fact]
    public void The_list_names_files_that_exist() => Assert.All(OnlyTheWebhookKnows, name => Assert.True(File.Exists(RepositoryFiles.Test("Validation", "bad", name + ".yaml")), name));
}
