using System.Text.Json;
using System.Text.Json.Nodes;
using BuildIt.Operator.Api;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace BuildIt.Testing.ControlPlane;

/// <summary>
/// Writes the status of rooms as the operator does, through the API server. A room that asks for region <see cref="Nowhere"/>
/// first is never placed.
/// </summary>
public sealed class StandInOperator(IKubernetes kubernetes, string ns) : IAsyncDisposable
{
    public const string Nowhere = "nowhere";
    public const string WhyNot = "no fleet has room left; it grows";

    private readonly CancellationTokenSource _stop = new();
    private Task? _run;

    /// <summary>Where assignments say that the room's node is reached.</summary>
    public string NodeEndpoint { get; set; } = string.Empty;

    /// <summary>Called with every room before its status says that it is placed, to write its route; by default no room has one.</summary>
    public Func<string, Task> Publish { get; set; } = _ => Task.CompletedTask;

    public void Start() => _run = RunAsync();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        if (_run is not null)
        {
            await _run.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            var changes = kubernetes.CustomObjects.WatchListNamespacedCustomObjectAsync(
                SfuApi.Group, SfuApi.Version, ns, ConferenceRoom.Plural, timeoutSeconds: 300, cancellationToken: _stop.Token);
            await foreach (var (type, item) in changes)
            {
                if (type is WatchEventType.Added && KubernetesJson.Deserialize<ConferenceRoom>((JsonElement)item) is { Status: null } room)
                {
                    await PlaceAsync(room);
                }
                else if (type is WatchEventType.Modified && KubernetesJson.Deserialize<ConferenceRoom>((JsonElement)item) is { Metadata: { DeletionTimestamp: not null, Finalizers.Count: > 0 } } deleted)
                {
                    await LetGoAsync(deleted.Metadata.Name);
                }
            }
        }
    }

    private async Task LetGoAsync(string room)
    {
        try
        {
            await kubernetes.CustomObjects.PatchNamespacedCustomObjectAsync<ConferenceRoom>(
                new V1Patch("""{"metadata":{"finalizers":null}}""", V1Patch.PatchType.MergePatch),
                SfuApi.Group, SfuApi.Version, ns, ConferenceRoom.Plural, room, cancellationToken: _stop.Token);
        }
        catch (HttpOperationException e) when (e.Response.StatusCode == System.Net.HttpStatusCode.NotFound)
        {
            // Gone already.
        }
    }

    private async Task PlaceAsync(ConferenceRoom room)
    {
        var placed = room.Spec.Placement.Regions.FirstOrDefault() != Nowhere && room.Spec.DisplayName != Nowhere
            && !room.Metadata.Name.StartsWith(Nowhere, StringComparison.Ordinal);
        var status = placed
            ? new JsonObject
            {
                ["phase"] = "Ready",
                ["generation"] = 1,
                ["assignments"] = new JsonArray(new JsonObject
                {
                    ["cluster"] = room.Spec.Placement.Regions.FirstOrDefault() == "us-east-1" ? "us" : "eu",
                    ["instance"] = "sfu-1",
                    ["role"] = "Origin",
                    ["endpoint"] = NodeEndpoint,
                }),
            }
            : new JsonObject
            {
                ["phase"] = "Pending",
                ["conditions"] = new JsonArray(new JsonObject
                {
                    ["type"] = "Ready",
                    ["status"] = "False",
                    ["reason"] = "NoCapacity",
                    ["message"] = WhyNot,
                    ["lastTransitionTime"] = "2026-01-01T00:00:00Z",
                }),
            };
        try
        {
            if (placed)
            {
                await Publish(room.Metadata.Name);
            }

            await kubernetes.CustomObjects.PatchNamespacedCustomObjectStatusAsync<ConferenceRoom>(
                new V1Patch(new JsonObject { ["status"] = status }.ToJsonString(), V1Patch.PatchType.MergePatch),
                SfuApi.Group, SfuApi.Version, ns, ConferenceRoom.Plural, room.Metadata.Name, cancellationToken: _stop.Token);
        }
        catch (HttpOperationException e) when (e.Response.StatusCode == System.Net.HttpStatusCode.NotFound)
        {
            // Deleted meanwhile.
        }
    }
}
