using System.Net;
using System.Text.Json.Nodes;
using BuildIt.Operator.Runtime.Webhooks;
using BuildIt.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace BuildIt.Operator.Runtime.Tests.Integration;

/// <summary>Conversion at a whole Kubernetes, and what its webhook takes at once.</summary>
[Collection(ApiCollection.Name)]
public sealed class ConversionTests(KubernetesCluster cluster) : ConversionStory(new WholeServer(cluster))
{
    /// <summary>The API server's cache reads 10,000 objects at once, and has them converted in one piece.</summary>
    [Fact]
    public async Task Ten_thousand_objects_of_six_kilobytes_are_converted_in_one_piece_and_more_are_refused()
    {
        using var host = await StartAsync(Gadget.Versioned(), caches: false);
        await host.Services.GetRequiredService<WebhookCertificates>().WaitUntilReadyAsync(CancellationToken.None).WaitAsync(Eventually.Patience);
        using var handler = new HttpClientHandler { ServerCertificateCustomValidationCallback = HttpClientHandler.DangerousAcceptAnyServerCertificateValidator };
        using var client = new HttpClient(handler) { BaseAddress = new Uri($"https://127.0.0.1:{Port}") };

        // A refusal comes before the body is sent.
        client.DefaultRequestHeaders.ExpectContinue = true;
        var item = $$$"""{"apiVersion":"{{{Gadget.Group}}}/{{{Gadget.Older}}}","kind":"Gadget","metadata":{"name":"n"},"spec":{"sound":{"level":1},"note":"{{{new string('x', 5850)}}}"} }""";

        using var answer = await client.PostAsync("/convert", Review(item, 10_000));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var converted = (await JsonNode.ParseAsync(await answer.Content.ReadAsStreamAsync()))!["response"]!["convertedObjects"]!.AsArray();
        Assert.Equal(10_000, converted.Count);
        Assert.All(converted, each => Assert.Equal("Auto", each!["spec"]!["mode"]!.GetValue<string>()));

        using var tooMuch = await client.PostAsync("/convert", Review(item, 12_000));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, tooMuch.StatusCode);
        using var ambiguous = await client.PostAsync("/convert", new StringContent("""{"request":{},"request":{}}"""));
        Assert.Equal(HttpStatusCode.BadRequest, ambiguous.StatusCode);
        using var elsewhere = await client.PostAsync("/validate", Review(item, 1000));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, elsewhere.StatusCode);
        await host.StopAsync();

        static StringContent Review(string item, int count) => new(
            $$$"""{"apiVersion":"apiextensions.k8s.io/v1","kind":"ConversionReview","request":{"uid":"u","desiredAPIVersion":"{{{Gadget.Group}}}/{{{Gadget.Newer}}}","objects":[{{{string.Join(',', Enumerable.Repeat(item, count))}}}]} }""");
    }
}

/// <summary>Conversion at the definition server of a current Kubernetes: who runs 1.29 or later has that one.</summary>
[Collection(nameof(CurrentConversionServer))]
public sealed class CurrentConversionTests(CurrentConversionServer server) : ConversionStory(server)
{
    [Fact]
    public void The_server_is_of_a_version_that_is_the_target() =>
        Assert.True(System.Version.Parse(server.Version) >= new System.Version(1, 29), server.Version);
}

[CollectionDefinition(nameof(CurrentConversionServer))]
public sealed class CurrentConversionCollection : ICollectionFixture<CurrentConversionServer>;
