using System.Net;
using System.Text.Json.Nodes;
using BuildIt.Operator.Hosting;
using BuildIt.Operator.Runtime.Client;
using BuildIt.Operator.Runtime.Webhooks;
using BuildIt.Operator.Tests.Harness;
using BuildIt.Testing;
using k8s;
using Microsoft.Extensions.DependencyInjection;

namespace BuildIt.Operator.Tests.Admission;

public sealed class WebhookTests(OperatorFixture fixture) : IClassFixture<OperatorFixture>
{
    [Fact]
    public async Task Every_bad_resource_of_every_kind_is_refused_at_the_door_and_good_ones_are_stored()
    {
        await using var world = await FleetWorld.CreateAsync(fixture.Cluster, fixture.Redis, "webhook");
        var port = FreePort.NextTcp();
        await WebhookRegistration.CreateAsync(world, port);
        await world.StartOperatorAsync(settings: new OperatorSettings
        {
            Namespace = world.Namespace,
            WatchNamespace = world.Namespace,
            NodeImage = "registry.example.com/sfu-node:test",
            HttpPort = 0,
            WebhookService = "webhook",
            WebhookPort = port,
            WebhookNames = ["127.0.0.1"],
            WebhookConfiguration = world.Namespace,
        });
        await world.Operator.GetRequiredService<WebhookCertificates>().WaitUntilReadyAsync(CancellationToken.None).WaitAsync(Eventually.Patience);

        // The API server reloads a changed configuration within moments.
        await Eventually.TrueAsync(
            async () => await RefusalAsync(world, BadResources.Read().First().Resource.DeepClone().AsObject()) is { } said && !said.Contains("x509", StringComparison.Ordinal) && !said.Contains("no endpoints", StringComparison.Ordinal),
            "the webhook answers");
        var count = 0;
        foreach (var (file, resource) in BadResources.Read())
        {
            var said = await RefusalAsync(world, resource);

            // What the server itself mends (an unknown field, a quoted number) need not be refused here.
            Assert.True(said is not null || file.Contains("unknown-field", StringComparison.Ordinal) || resource["kind"] is null, $"{Path.GetFileName(file)} was let in");
            if (said?.Contains("admission webhook", StringComparison.Ordinal) == true)
            {
                AssertFormed(JsonNode.Parse(said)!, resource);
            }

            count++;
        }

        Assert.True(count >= 40, $"{count} bad resources");
        await world.CreateFleetAsync();
        await world.ReadyAsync(2);
        await world.DeleteFleetAsync();
        await Eventually.TrueAsync(async () => await world.ReadFleetAsync() is null, "a fleet can be deleted past the webhook", world.DescribeAsync);
        await world.Client.AdmissionregistrationV1.DeleteValidatingWebhookConfigurationAsync(world.Namespace);
    }

    /// <summary>As the API server's own refusals are, so that clients can point at each field.</summary>
    private static void AssertFormed(JsonNode status, JsonObject resource)
    {
        var (kind, name) = (resource["kind"]!.GetValue<string>(), resource["metadata"]!["name"]!.GetValue<string>());
        Assert.Equal("Invalid", status["reason"]!.GetValue<string>());
        Assert.Equal(422, status["code"]!.GetValue<int>());
        Assert.Contains($"{kind}.sfu.buildit.network \"{name}\" is invalid: ", status["message"]!.GetValue<string>(), StringComparison.Ordinal);
        var details = status["details"]!;
        Assert.Equal([kind, name, "sfu.buildit.network"], ((string[])["kind", "name", "group"]).Select(field => details[field]!.GetValue<string>()));
        Assert.NotEmpty(details["causes"]!.AsArray());
        Assert.All(details["causes"]!.AsArray(), cause =>
        {
            Assert.Matches(@"^(spec|metadata)(\.\w+|\[[^\]]+\])*", cause!["field"]!.GetValue<string>());
            Assert.Contains(cause["message"]!.GetValue<string>(), status["message"]!.GetValue<string>(), StringComparison.Ordinal);
            Assert.Contains(cause["reason"]!.GetValue<string>(), (string[])["FieldValueInvalid", "FieldValueRequired"]);
        });
    }

    private static async Task<string?> RefusalAsync(FleetWorld world, JsonObject resource)
    {
        var plural = resource["kind"]?.GetValue<string>() switch { "ConferenceRoom" => "conferencerooms", "RegionLink" => "regionlinks", _ => "sfuclusters" };
        if (resource["metadata"] is System.Text.Json.Nodes.JsonObject metadata)
        {
            metadata.Remove("namespace");
        }

        try
        {
            await world.Client.CustomObjects.CreateNamespacedCustomObjectAsync(
                System.Text.Json.JsonSerializer.Deserialize<object>(resource.ToJsonString())!, "sfu.buildit.network", "v1alpha1", world.Namespace, plural, dryRun: "All");
            return null;
        }
        catch (k8s.Autorest.HttpOperationException refused) when (refused.Response.StatusCode is not HttpStatusCode.NotFound)
        {
            return refused.Response.Content;
        }
    }
}
