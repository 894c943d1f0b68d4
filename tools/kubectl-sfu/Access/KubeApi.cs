using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using BuildIt.Operator.Api.Schema;
using k8s;
using k8s.Exceptions;
using k8s.Models;

namespace BuildIt.KubectlSfu.Access;

/// <summary>The Kubernetes API as the person at the keyboard may use it. What it refuses becomes a <see cref="CommandFault"/> in its own words.</summary>
internal sealed class KubeApi : IDisposable
{
    private const int PageSize = 500;

    private readonly Kubernetes _kubernetes;

    private KubeApi(Kubernetes kubernetes, string ns)
    {
        _kubernetes = kubernetes;
        Namespace = ns;
    }

    /// <summary>The namespace of the kubeconfig's context.</summary>
    public string Namespace { get; }

    /// <summary>Connects as kubectl would.</summary>
    /// <param name="kubeconfig">A file; null for the usual places.</param>
    /// <param name="context">One of its contexts; null for the current one.</param>
    public static KubeApi Connect(string? kubeconfig, string? context)
    {
        try
        {
            var configuration = kubeconfig is null && context is null && KubernetesClientConfiguration.IsInCluster()
                ? KubernetesClientConfiguration.InClusterConfig()
                : KubernetesClientConfiguration.BuildConfigFromConfigFile(kubeconfig ?? FirstOfVariable(), context);
            return new KubeApi(new Kubernetes(configuration), configuration.Namespace is { Length: > 0 } ns ? ns : "default");
        }
        catch (Exception unusable) when (unusable is KubeConfigException or IOException or YamlDotNet.Core.YamlException or FormatException)
        {
            throw new CommandFault($"the kubeconfig cannot be used: {unusable.Message}; name another with --kubeconfig, or set KUBECONFIG");
        }
    }

    /// <summary>Reads an object; null when there is none.</summary>
    public async Task<T?> FindAsync<T>(string? ns, string name, CancellationToken cancellation)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        using var answer = await SendAsync(HttpMethod.Get, KindPaths.PathOf<T>(ns, name), null, null, null, cancellation).ConfigureAwait(false);
        return answer.StatusCode == HttpStatusCode.NotFound ? null : Read<T>(await JsonOfAsync(answer, cancellation).ConfigureAwait(false));
    }

    /// <summary>Reads an object that has to be there.</summary>
    /// <param name="ns">Namespace, or null.</param>
    /// <param name="name">Name.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <param name="hint">What to do when it is not.</param>
    public async Task<T> GetAsync<T>(string? ns, string name, string hint, CancellationToken cancellation)
        where T : class, IKubernetesObject<V1ObjectMeta> =>
        await FindAsync<T>(ns, name, cancellation).ConfigureAwait(false)
        ?? throw new CommandFault($"there is no {name} among the {KindPaths.PluralOf<T>()}{(ns is null ? string.Empty : $" of the namespace {ns}")}; {hint}");

    /// <summary>Reads all objects of a kind, page by page.</summary>
    /// <param name="ns">Namespace; null for all.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <param name="selector">A label selector.</param>
    /// <param name="fields">A field selector.</param>
    public async Task<IReadOnlyList<T>> ListAsync<T>(string? ns, CancellationToken cancellation, string? selector = null, string? fields = null)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var found = new List<T>();
        string? next = null;
        do
        {
            var path = new StringBuilder(KindPaths.PathOf<T>(ns)).Append("?limit=").Append(PageSize);
            foreach (var (name, value) in (ReadOnlySpan<(string, string?)>)[("labelSelector", selector), ("fieldSelector", fields), ("continue", next)])
            {
                if (value is not null)
                {
                    path.Append('&').Append(name).Append('=').Append(Uri.EscapeDataString(value));
                }
            }

            using var answer = await SendAsync(HttpMethod.Get, path.ToString(), null, null, null, cancellation).ConfigureAwait(false);
            var list = await JsonOfAsync(answer, cancellation).ConfigureAwait(false);
            found.AddRange(list.GetProperty("items").EnumerateArray().Select(Read<T>));
            next = list.GetProperty("metadata").TryGetProperty("continue", out var more) && more.GetString() is { Length: > 0 } token ? token : null;
        }
        while (next is not null);
        return found;
    }

    /// <summary>Merges JSON into an object (RFC 7386).</summary>
    public async Task PatchAsync<T>(string? ns, string name, JsonObject patch, CancellationToken cancellation)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        using var answer = await SendAsync(
            HttpMethod.Patch, $"{KindPaths.PathOf<T>(ns, name)}?fieldManager=kubectl-sfu", patch, "application/merge-patch+json", null, cancellation).ConfigureAwait(false);
        await JsonOfAsync(answer, cancellation).ConfigureAwait(false);
    }

    /// <summary>Asks for a token of a service account, for one audience and ten minutes.</summary>
    public async Task<string> TokenAsync(string ns, string account, string audience, CancellationToken cancellation)
    {
        var request = new JsonObject
        {
            ["apiVersion"] = "authentication.k8s.io/v1",
            ["kind"] = "TokenRequest",
            ["spec"] = new JsonObject { ["audiences"] = new JsonArray(audience), ["expirationSeconds"] = 600 },
        };
        using var answer = await SendAsync(
            HttpMethod.Post, $"{KindPaths.PathOf<V1ServiceAccount>(ns, account)}/token", request, "application/json", null, cancellation).ConfigureAwait(false);
        var json = await JsonOfAsync(answer, cancellation).ConfigureAwait(false);
        return json.GetProperty("status").GetProperty("token").GetString() ?? throw new CommandFault("the API server gave an empty token");
    }

    /// <summary>Reads any path as it comes. The caller looks at the status and disposes of the answer.</summary>
    /// <param name="path">Below the API server's address.</param>
    /// <param name="headers">Further headers.</param>
    /// <param name="cancellation">Gives up.</param>
    public Task<HttpResponseMessage> OpenAsync(string path, IReadOnlyDictionary<string, string> headers, CancellationToken cancellation) =>
        SendAsync(HttpMethod.Get, path, null, null, headers, cancellation);

    /// <summary>What the API server says in a refusal, as a fault.</summary>
    public static async Task<CommandFault> FaultAsync(HttpResponseMessage answer, CancellationToken cancellation)
    {
        var body = await answer.Content.ReadAsStringAsync(cancellation).ConfigureAwait(false);
        var words = body.Trim();
        try
        {
            words = JsonNode.Parse(body)?["message"]?.GetValue<string>() ?? words;
        }
        catch (JsonException)
        {
            // Somebody on the way answered in its own words.
        }

        words = words.Length > 0 ? words : $"it answered {(int)answer.StatusCode}";
        return new CommandFault(answer.StatusCode switch
        {
            HttpStatusCode.Unauthorized => $"the API server does not know you: {words}; log in again, or choose another --context",
            HttpStatusCode.Forbidden => $"you may not do this: {words}",
            HttpStatusCode.NotFound => $"{words}; is BuildIt SFU installed here?",
            _ => $"the API server refuses: {words}",
        });
    }

    public void Dispose() => _kubernetes.Dispose();

    private static string? FirstOfVariable() => Environment.GetEnvironmentVariable("KUBECONFIG")?.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).FirstOrDefault();

    private static T Read<T>(JsonElement json) => json.Deserialize<T>(ApiJson.Options) ?? throw new CommandFault($"the API server gave nothing for a {typeof(T).Name}");

    private static async Task<JsonElement> JsonOfAsync(HttpResponseMessage answer, CancellationToken cancellation)
    {
        if (!answer.IsSuccessStatusCode)
        {
            throw await FaultAsync(answer, cancellation).ConfigureAwait(false);
        }

        using var document = JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync(cancellation).ConfigureAwait(false));
        return document.RootElement.Clone();
    }

    private async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string path, JsonObject? body, string? mediaType, IReadOnlyDictionary<string, string>? headers, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(method, new Uri(_kubernetes.BaseUri, path));
        if (body is not null)
        {
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, new MediaTypeHeaderValue(mediaType!));
        }

        foreach (var (name, value) in headers ?? new Dictionary<string, string>())
        {
            request.Headers.Add(name, value);
        }

        if (_kubernetes.Credentials is { } credentials)
        {
            await credentials.ProcessHttpRequestAsync(request, cancellation).ConfigureAwait(false);
        }

        try
        {
            return await _kubernetes.HttpClient.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation).ConfigureAwait(false);
        }
        catch (HttpRequestException silent)
        {
            throw new CommandFault($"the API server at {_kubernetes.BaseUri.Authority} cannot be reached: {silent.Message}");
        }
    }
}
