using System.Net;
using System.Text.Json;
using BuildIt.Operator.Api;
using BuildIt.Operator.Planning.Replay;
using k8s;
using k8s.Models;

namespace BuildIt.KubectlSfu.Access;

/// <summary>
/// The operator, asked for its reasons through the API server's proxy to its pod. Its caller shows a token of a service account that is
/// good for these questions only.
/// </summary>
/// <param name="api">The Kubernetes API.</param>
/// <param name="operatorNamespace">Where the operator runs; null to look for it.</param>
internal sealed class OperatorApi(KubeApi api, string? operatorNamespace)
{
    /// <summary>How the chart names the port of its pods; it is looked up by this.</summary>
    private const string Port = "http";

    private const int UsualPort = 8080;

    /// <summary>What the operator says of a fleet.</summary>
    public Task<FleetAccount> FleetAsync(string ns, string name, CancellationToken cancellation) =>
        AskAsync<FleetAccount>(DebugApi.FleetPath(ns, name), cancellation);

    /// <summary>What the operator says of a room.</summary>
    public Task<RoomAccount> RoomAsync(string ns, string name, CancellationToken cancellation) =>
        AskAsync<RoomAccount>(DebugApi.RoomPath(ns, name), cancellation);

    /// <summary>The operator's pods that run, the likeliest leader first where that can be told.</summary>
    public async Task<IReadOnlyList<V1Pod>> PodsAsync(CancellationToken cancellation)
    {
        var pods = await api.ListAsync<V1Pod>(operatorNamespace, cancellation, selector: "app.kubernetes.io/component=operator,app.kubernetes.io/part-of=buildit-sfu").ConfigureAwait(false);
        return [.. pods.Where(pod => pod is { Status.Phase: "Running", Metadata.DeletionTimestamp: null }).OrderBy(pod => pod.Metadata.CreationTimestamp)];
    }

    private async Task<T> AskAsync<T>(string path, CancellationToken cancellation)
    {
        var pods = await PodsAsync(cancellation).ConfigureAwait(false);
        if (pods.Count == 0)
        {
            throw new CommandFault($"no operator runs{(operatorNamespace is null ? string.Empty : $" in the namespace {operatorNamespace}")}; name its namespace with --operator-namespace, and see kubectl get pods -A -l app.kubernetes.io/component=operator");
        }

        var refusal = string.Empty;
        foreach (var pod in pods)
        {
            var account = pod.Metadata.Annotations is { } annotations && annotations.TryGetValue(DebugApi.AccountAnnotation, out var named) ? named : null;
            if (account is null)
            {
                refusal = $"the pod {pod.Metadata.Name} names no service account for questions (debug.enabled in the chart's values)";
                continue;
            }

            var token = await api.TokenAsync(pod.Metadata.NamespaceProperty, account, DebugApi.Audience, cancellation).ConfigureAwait(false);
            var proxy = $"{KindPaths.PathOf<V1Pod>(pod.Metadata.NamespaceProperty, $"{pod.Metadata.Name}:{PortOf(pod)}")}/proxy{path}";
            using var answer = await api.OpenAsync(proxy, new Dictionary<string, string> { [DebugApi.TokenHeader] = token }, cancellation).ConfigureAwait(false);
            if (answer.IsSuccessStatusCode)
            {
                var body = await answer.Content.ReadAsByteArrayAsync(cancellation).ConfigureAwait(false);
                return JsonSerializer.Deserialize<T>(body, PlanningJson.Options) ?? throw new CommandFault("the operator answered nothing");
            }

            refusal = answer.StatusCode switch
            {
                HttpStatusCode.NotFound => $"the operator knows nothing of it: {await TextOfAsync(answer, cancellation).ConfigureAwait(false)}",
                _ => await TextOfAsync(answer, cancellation).ConfigureAwait(false),
            };
            if (answer.StatusCode is not (HttpStatusCode.ServiceUnavailable or HttpStatusCode.BadGateway))
            {
                break;
            }
        }

        throw new CommandFault($"the operator does not say: {refusal}");
    }

    private static async Task<string> TextOfAsync(HttpResponseMessage answer, CancellationToken cancellation) =>
        answer.Content.Headers.ContentType?.MediaType == "application/json"
            ? (await KubeApi.FaultAsync(answer, cancellation).ConfigureAwait(false)).Message
            : (await answer.Content.ReadAsStringAsync(cancellation).ConfigureAwait(false)).Trim();

    private static int PortOf(V1Pod pod) =>
        pod.Spec?.Containers?.SelectMany(container => container.Ports ?? []).FirstOrDefault(port => port.Name == Port)?.ContainerPort ?? UsualPort;
}
