using System.Text.Json.Nodes;
using BuildIt.Interop.Tests.Browser;
using BuildIt.Interop.Tests.NodeSdk;

namespace BuildIt.Interop.Tests.Server;

/// <summary>A conference whose node reports webhooks to, and is driven by, livekit-server-sdk.</summary>
public sealed class ServerApiFixture : ConferenceFixture
{
    private readonly ScriptedProcess _sdk = ScriptedProcess.Start("server.mjs");

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        await _sdk.CallAsync("connect", Node.HttpUrl);
    }

    /// <summary>Calls a method of the SDK's RoomServiceClient.</summary>
    public Task<JsonNode?> CallAsync(string method, params object?[] args) => _sdk.CallAsync("call", [method, .. args]);

    public Task SendDataAsync(string room, string text, object options) => _sdk.CallAsync("sendData", room, text, 0, options);

    /// <summary>Calls a method that the SDK does not wrap.</summary>
    public Task<JsonNode?> TwirpAsync(string method, object request, object grant) => _sdk.CallAsync("twirp", method, request, grant);

    /// <summary>Events whose signature and digest the SDK's WebhookReceiver accepted.</summary>
    public async Task<IReadOnlyList<JsonObject>> WebhooksAsync()
    {
        var received = await _sdk.CallAsync("webhooks");
        Assert.Empty(received!["refused"]!.AsArray());
        return [.. received["events"]!.AsArray().Select(e => e!.AsObject())];
    }

    /// <summary>Answers the next <paramref name="count"/> webhooks with 503.</summary>
    public Task FailWebhooksAsync(int count) => _sdk.CallAsync("failWebhooks", count);

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        await _sdk.DisposeAsync();
    }

    protected override async Task<IReadOnlyDictionary<string, string?>?> NodeEnvironmentAsync() =>
        new Dictionary<string, string?> { ["BUILDIT_WEBHOOK_URLS"] = await _sdk.CallAsync<string>("listen") };
}
