using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using BuildIt.Operator.Api;
using BuildIt.Operator.Hosting;
using BuildIt.Operator.Rooms;
using BuildIt.Operator.Tests.Harness;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace BuildIt.Operator.Tests.Rooms;

/// <summary>Somebody is told what a conference has used.</summary>
public sealed class UsageWebhookTests(OperatorFixture fixture) : IClassFixture<OperatorFixture>
{
    private static readonly byte[] Secret = Encoding.ASCII.GetBytes("a secret of the tests that is long enough");

    [Fact]
    public async Task It_is_told_once_the_room_has_ended_again_until_it_takes_it_and_the_object_waits_for_that()
    {
        var messages = new ConcurrentQueue<(string Signature, byte[] Body)>();
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var receiver = builder.Build();
        receiver.MapPost("/usage", async (HttpContext context) =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            messages.Enqueue((context.Request.Headers["X-BuildIt-Signature"].ToString(), body.ToArray()));

            // It is not at its best at first.
            context.Response.StatusCode = messages.Count < 3 ? 503 : 204;
        });
        await receiver.StartAsync();

        await using var world = await RoomWorld.CreateAsync(
            fixture.Cluster, fixture.Redis, pods: 1, change: null,
            fleet => fleet.StartOperatorAsync(settings: new OperatorSettings
            {
                Namespace = fleet.Namespace,
                WatchNamespace = fleet.Namespace,
                NodeImage = "registry.example.com/sfu-node:test",
                HttpPort = 0,
                UsageWebhook = new UsageWebhookSettings(new Uri(receiver.Urls.First() + "/usage"), Secret),
            }));
        world.People["room"] = 3;
        await world.CreateAsync("room", """{"departureTimeout":"1s","ttlAfterEnded":"0s"}""");
        await world.UntilAsync("room", "counts people", s => s.Participants == 3);
        world.People["room"] = 0;
        world.Left["room"] = DateTimeOffset.UtcNow;
        await Eventually.TrueAsync(async () => await world.ReadAsync("room") is null, "the object goes once it was taken", world.Fleet.DescribeAsync);

        Assert.Equal(3, messages.Count);
        var (signature, sent) = messages.Last();
        var parts = signature.Split(',').ToDictionary(part => part[..part.IndexOf('=', StringComparison.Ordinal)], part => part[(part.IndexOf('=', StringComparison.Ordinal) + 1)..]);
        byte[] signed = [.. Encoding.ASCII.GetBytes($"{parts["t"]}."), .. sent];
        Assert.Equal(Convert.ToHexStringLower(HMACSHA256.HashData(Secret, signed)), parts["v1"]);
        var message = JsonNode.Parse(sent)!;
        Assert.Equal(("usage", "room", world.Fleet.Namespace, 3), ($"{message["event"]}", $"{message["roomId"]}", $"{message["namespace"]}", message["peakParticipants"]!.GetValue<int>()));
        Assert.Single(messages.Select(each => $"{JsonNode.Parse(each.Body)!["id"]}").Distinct());
    }

    [Theory]
    [InlineData("ftp://example.com", null, "must be an http or https URL")]
    [InlineData("https://example.com", null, "USAGE_WEBHOOK_SECRET_FILE is not set")]
    [InlineData("https://example.com", "/nowhere/secret", "cannot be read")]
    [InlineData("https://example.com", "short", "at least 32")]
    public void What_cannot_be_is_said_at_the_start(string url, string? file, string fault)
    {
        if (file == "short")
        {
            file = Path.GetTempFileName();
            File.WriteAllText(file, "short");
        }

        OperatorSettings.Read(
            name => name switch { "BUILDIT_OPERATOR_NAMESPACE" => "ns", "BUILDIT_OPERATOR_NODE_IMAGE" => "image", "BUILDIT_OPERATOR_USAGE_WEBHOOK" => url, "BUILDIT_OPERATOR_USAGE_WEBHOOK_SECRET_FILE" => file, _ => null },
            out var faults);
        Assert.Contains(fault, Assert.Single(faults), StringComparison.Ordinal);
    }
}
