using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;

namespace BuildIt.Operator.Runtime.Client;

/// <summary>One page of a list, its items still in JSON.</summary>
public sealed record ListPage(IReadOnlyList<JsonElement> Items, string ResourceVersion, string? Continue);

/// <summary>
/// The verbs of the Kubernetes API on objects in JSON, over the Kubernetes client's connection and credentials. Objects
/// are read one by one, so that one odd object cannot hide the others. Every member may be called from any thread; each
/// waits and asks again when the server is too busy, throws <see cref="ApiException"/> when it refuses, and <see cref="HttpRequestException"/> or
/// <see cref="TimeoutException"/> when it does not answer.
/// </summary>
public sealed class ApiClient(Kubernetes kubernetes, string fieldManager, TimeProvider time, IWriteFence? fence = null)
{
    internal const string ApplyMediaType = "application/apply-patch+yaml";

    private const string JsonPatchMediaType = "application/json-patch+json";

    private const string MergePatchMediaType = "application/merge-patch+json";

    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Longest write, here and at the server. As long as an admission webhook may take by default.</summary>
    public static readonly TimeSpan WriteTimeout = TimeSpan.FromSeconds(10);

    /// <summary>The one manager of every field this process applies.</summary>
    public string FieldManager { get; } = fieldManager;

    /// <summary>Reads one page of a list.</summary>
    public async Task<ListPage> ListAsync(
        ResourceType type, string? ns, ListQuery query, int limit, string? @continue, CancellationToken cancellation)
    {
        var url = new StringBuilder(type.ListPath(ns)).Append("?limit=").Append(limit);
        query.AppendTo(url);
        if (@continue is not null)
        {
            url.Append("&continue=").Append(Uri.EscapeDataString(@continue));
        }

        var body = await ReadAsync(url.ToString(), cancellation).ConfigureAwait(false);
        var metadata = body.GetProperty("metadata");
        return new ListPage(
            body.TryGetProperty("items", out var items) && items.ValueKind == JsonValueKind.Array ? [.. items.EnumerateArray()] : [],
            metadata.GetProperty("resourceVersion").GetString() ?? string.Empty,
            metadata.TryGetProperty("continue", out var more) && more.GetString() is { Length: > 0 } token ? token : null);
    }

    /// <summary>Watches from a resource version until the server ends the watch. Each element is one watch event.</summary>
    public async IAsyncEnumerable<JsonElement> WatchAsync(
        ResourceType type, string? ns, ListQuery query, string resourceVersion, TimeSpan timeout, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var url = new StringBuilder(type.ListPath(ns))
            .Append("?watch=true&allowWatchBookmarks=true&timeoutSeconds=").Append((int)Math.Ceiling(timeout.TotalSeconds))
            .Append("&resourceVersion=").Append(Uri.EscapeDataString(resourceVersion));
        query.AppendTo(url);
        using var response = await BusyServer.AskAsync(() => OpenAsync(url.ToString(), cancellation), time, cancellation).ConfigureAwait(false);
        await using var stream = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        using var reader = new StreamReader(stream);
        while (await reader.ReadLineAsync(cancellation).ConfigureAwait(false) is { } line)
        {
            if (line.Length > 0)
            {
                using var document = JsonDocument.Parse(line);
                yield return document.RootElement.Clone();
            }
        }
    }

    /// <summary>Reads an object; null when it does not exist.</summary>
    public async Task<T?> GetAsync<T>(string? ns, string name, CancellationToken cancellation)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        try
        {
            return Read<T>(await ReadAsync(ResourceType.Of<T>().ItemPath(ns, name), cancellation).ConfigureAwait(false));
        }
        catch (ApiException refused) when (refused.IsNotFound)
        {
            return null;
        }
    }

    /// <summary>Reads any path, for example of discovery; null when there is nothing.</summary>
    public async Task<JsonElement?> GetRawAsync(string path, CancellationToken cancellation)
    {
        try
        {
            return await ReadAsync(path, cancellation).ConfigureAwait(false);
        }
        catch (ApiException refused) when (refused.IsNotFound)
        {
            return null;
        }
    }

    public async Task<T> CreateAsync<T>(T item, CancellationToken cancellation)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var type = ResourceType.Of<T>();
        var path = $"{type.ListPath(item.Metadata.NamespaceProperty)}?fieldManager={Uri.EscapeDataString(FieldManager)}";
        return Read<T>(await WriteAsync(HttpMethod.Post, path, Body(item, type), "application/json", cancellation).ConfigureAwait(false));
    }

    /// <summary>Replaces an object, or a subresource of it. With a resourceVersion in the object, only if it has not changed since.</summary>
    public async Task<T> ReplaceAsync<T>(T item, string? subresource, CancellationToken cancellation)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var type = ResourceType.Of<T>();
        var path = $"{type.ItemPath(item.Metadata.NamespaceProperty, item.Metadata.Name, subresource)}?fieldManager={Uri.EscapeDataString(FieldManager)}";
        return Read<T>(await WriteAsync(HttpMethod.Put, path, Body(item, type), "application/json", cancellation).ConfigureAwait(false));
    }

    /// <summary>Server-side apply: makes the object have these fields, and takes away those applied before and left out now.</summary>
    public async Task<T> ApplyAsync<T>(string? ns, string name, JsonObject fields, CancellationToken cancellation)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var path = $"{ResourceType.Of<T>().ItemPath(ns, name)}?force=true&fieldManager={Uri.EscapeDataString(FieldManager)}";
        return Read<T>(await WriteAsync(HttpMethod.Patch, path, Encoding.UTF8.GetBytes(fields.ToJsonString()), ApplyMediaType, cancellation).ConfigureAwait(false));
    }

    /// <summary>JSON merge patch (RFC 7386).</summary>
    public async Task<T> MergePatchAsync<T>(string? ns, string name, JsonObject patch, CancellationToken cancellation)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var path = $"{ResourceType.Of<T>().ItemPath(ns, name)}?fieldManager={Uri.EscapeDataString(FieldManager)}";
        return Read<T>(await WriteAsync(HttpMethod.Patch, path, Encoding.UTF8.GetBytes(patch.ToJsonString()), MergePatchMediaType, cancellation).ConfigureAwait(false));
    }

    /// <summary>JSON patch (RFC 6902).</summary>
    public async Task<T> JsonPatchAsync<T>(string? ns, string name, JsonArray operations, CancellationToken cancellation)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var path = $"{ResourceType.Of<T>().ItemPath(ns, name)}?fieldManager={Uri.EscapeDataString(FieldManager)}";
        return Read<T>(await WriteAsync(HttpMethod.Patch, path, Encoding.UTF8.GetBytes(operations.ToJsonString()), JsonPatchMediaType, cancellation).ConfigureAwait(false));
    }

    /// <summary>Deletes an object; one that does not exist, is another with the same name, or has another version, is left alone.</summary>
    /// <param name="ns">Namespace, or null.</param>
    /// <param name="name">Name.</param>
    /// <param name="uid">Only the object with this uid; null for any.</param>
    /// <param name="gracePeriod">Time for a pod to end by itself; null for its own.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <param name="version">Only at this resourceVersion; null for any.</param>
    /// <returns>The object when it lives on for a while with a deletion timestamp; else null.</returns>
    public async Task<T?> DeleteAsync<T>(string? ns, string name, string? uid, TimeSpan? gracePeriod, CancellationToken cancellation, string? version = null)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var options = new JsonObject { ["propagationPolicy"] = "Background" };
        if (uid is not null)
        {
            var preconditions = new JsonObject { ["uid"] = uid };
            if (version is not null)
            {
                preconditions["resourceVersion"] = version;
            }

            options["preconditions"] = preconditions;
        }

        if (gracePeriod is { } grace)
        {
            options["gracePeriodSeconds"] = (long)grace.TotalSeconds;
        }

        try
        {
            var path = ResourceType.Of<T>().ItemPath(ns, name);
            var answer = await WriteAsync(HttpMethod.Delete, path, Encoding.UTF8.GetBytes(options.ToJsonString()), "application/json", cancellation).ConfigureAwait(false);
            return answer.TryGetProperty("kind", out var kind) && kind.GetString() != "Status" ? Read<T>(answer) : null;
        }
        catch (ApiException refused) when (refused.IsNotFound || (refused.IsConflict && uid is not null))
        {
            return null;
        }
    }

    /// <summary>Reads an object of this kind from JSON.</summary>
    /// <exception cref="JsonException">The JSON is not such an object.</exception>
    public static T Read<T>(JsonElement json)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var item = KubernetesJson.Deserialize<T>(json) ?? throw new JsonException($"null is not a {typeof(T).Name}");
        var type = ResourceType.Of<T>();
        item.ApiVersion = type.ApiVersion;
        item.Kind = type.Kind;
        return item.Metadata is null ? throw new JsonException($"{typeof(T).Name} has no metadata") : item;
    }

    private static byte[] Body<T>(T item, ResourceType type)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        item.ApiVersion = type.ApiVersion;
        item.Kind = type.Kind;
        return Encoding.UTF8.GetBytes(KubernetesJson.Serialize(item));
    }

    private Task<JsonElement> ReadAsync(string path, CancellationToken cancellation) =>
        BusyServer.AskAsync(() => SendAsync(HttpMethod.Get, path, null, null, cancellation), time, cancellation);

    // The fence is asked again after a wait.
    private Task<JsonElement> WriteAsync(HttpMethod method, string path, byte[] body, string mediaType, CancellationToken cancellation) =>
        BusyServer.AskAsync(() => WriteOnceAsync(method, path, body, mediaType, cancellation), time, cancellation);

    private Task<JsonElement> WriteOnceAsync(HttpMethod method, string path, byte[] body, string mediaType, CancellationToken cancellation)
    {
        var budget = fence?.WriteBudget ?? WriteTimeout;
        if (budget <= TimeSpan.Zero)
        {
            throw new WriteFencedException();
        }

        // The server is told too: what it still has waiting when this process gives up must not be done later, beside another leader.
        budget = budget < WriteTimeout ? budget : WriteTimeout;
        var bounded = $"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}timeout={Math.Max(1, (long)budget.TotalMilliseconds)}ms";
        return SendAsync(method, bounded, body, mediaType, cancellation, budget);
    }

    private async Task<JsonElement> SendAsync(
        HttpMethod method, string path, byte[]? body, string? mediaType, CancellationToken cancellation, TimeSpan? within = null)
    {
        var patience = within ?? CallTimeout;
        using var timeout = new CancellationTokenSource(patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        try
        {
            using var request = await RequestAsync(method, path, body, mediaType, either.Token).ConfigureAwait(false);
            using var response = await kubernetes.HttpClient.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token).ConfigureAwait(false);
            var answer = await response.Content.ReadAsByteArrayAsync(either.Token).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
            {
                throw Refusal(response, answer);
            }

            using var document = JsonDocument.Parse(answer);
            return document.RootElement.Clone();
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"The Kubernetes API did not answer {method} within {patience.TotalSeconds:0} s");
        }
    }

    /// <summary>Sends the request of a watch. The server answers at once, before the first event.</summary>
    private async Task<HttpResponseMessage> OpenAsync(string path, CancellationToken cancellation)
    {
        using var timeout = new CancellationTokenSource(CallTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        try
        {
            using var request = await RequestAsync(HttpMethod.Get, path, null, null, either.Token).ConfigureAwait(false);
            var response = await kubernetes.HttpClient.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token).ConfigureAwait(false);
            if (response.IsSuccessStatusCode)
            {
                return response;
            }

            using (response)
            {
                throw Refusal(response, await response.Content.ReadAsByteArrayAsync(either.Token).ConfigureAwait(false));
            }
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"The Kubernetes API did not begin a watch within {CallTimeout.TotalSeconds:0} s");
        }
    }

    [SuppressMessage("Reliability", "CA2000", Justification = "The caller disposes of the request.")]
    private async Task<HttpRequestMessage> RequestAsync(HttpMethod method, string path, byte[]? body, string? mediaType, CancellationToken cancellation)
    {
        var request = new HttpRequestMessage(method, new Uri(kubernetes.BaseUri, path));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(mediaType!);
        }

        if (kubernetes.Credentials is { } credentials)
        {
            await credentials.ProcessHttpRequestAsync(request, cancellation).ConfigureAwait(false);
        }

        return request;
    }

    private static ApiException Refusal(HttpResponseMessage response, byte[] body)
    {
        var (code, pause) = (response.StatusCode, BusyServer.PauseOf(response));
        try
        {
            using var status = JsonDocument.Parse(body);
            return FromStatus(status.RootElement, code, pause);
        }
        catch (JsonException)
        {
            return new ApiException(code, string.Empty, $"The Kubernetes API answered {(int)code}") { RetryAfter = pause };
        }
    }

    /// <summary>Reads a Status object (meta/v1).</summary>
    internal static ApiException FromStatus(JsonElement status, HttpStatusCode fallback, TimeSpan? retryAfter = null)
    {
        string Text(string name) => status.ValueKind == JsonValueKind.Object && status.TryGetProperty(name, out var value) ? value.GetString() ?? string.Empty : string.Empty;
        var code = status.ValueKind == JsonValueKind.Object && status.TryGetProperty("code", out var number) && number.TryGetInt32(out var given)
            ? (HttpStatusCode)given
            : fallback;
        return new ApiException(code, Text("reason"), Text("message") is { Length: > 0 } message ? message : $"The Kubernetes API answered {(int)code}")
        {
            RetryAfter = retryAfter,
        };
    }
}
