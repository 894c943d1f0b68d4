using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Operator.Runtime.Client;
using k8s;
using k8s.Models;

namespace BuildIt.Operator.Runtime.Writing;

/// <summary>
/// Writes objects only when that changes something: server-side apply with one field manager, status through its
/// subresource, finalizers, deletion. Safe for any thread.
/// </summary>
public sealed class ObjectWriter(ApiClient client, CacheRegistry caches)
{
    /// <summary>The annotation that holds the digest of the applied fields, so that a field that is applied no more is noticed.</summary>
    public const string DigestAnnotation = "sfu.buildit.network/applied";

    private readonly ConcurrentDictionary<(Type, ObjectKey), Applied> _applied = new();

    /// <summary>
    /// Makes an object have the fields of <paramref name="desired"/> and takes away those applied before. Nothing is sent
    /// when <paramref name="live"/>, or the answer to the last write, shows that it already has them.
    /// </summary>
    /// <returns>The object after the write, or <paramref name="live"/> when nothing was sent.</returns>
    public async Task<T> ApplyAsync<T>(T desired, T? live, CancellationToken cancellation)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        ArgumentNullException.ThrowIfNull(desired);
        var fields = FieldsOf(desired);
        var digest = ApplyComparison.Digest(fields);
        Child(Child(fields, "metadata"), "annotations")[DigestAnnotation] = digest;
        var key = ObjectKey.Of(desired);
        if (live is not null && IsUpToDate(live, fields, digest, key))
        {
            return live;
        }

        var answer = await client.ApplyAsync<T>(desired.Metadata.NamespaceProperty, desired.Metadata.Name, fields, cancellation).ConfigureAwait(false);
        caches.Observe(answer);
        _applied[(typeof(T), key)] = new Applied(answer.Metadata.Uid, digest, answer.Metadata.ResourceVersion);
        return answer;
    }

    /// <summary>
    /// Replaces the status of an object when it differs. A conflict (the object has changed since the cache saw it) throws
    /// an <see cref="ApiException"/>, and the reconciliation runs again on what is new.
    /// </summary>
    /// <param name="entity">A copy of the object as cached, with its resourceVersion. It has the new status and version afterwards.</param>
    /// <param name="status">The wanted status.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <returns>True when it was written.</returns>
    public async Task<bool> UpdateStatusAsync<T, TStatus>(T entity, TStatus status, CancellationToken cancellation)
        where T : class, IKubernetesObject<V1ObjectMeta>, IStatus<TStatus?>
        where TStatus : class
    {
        ArgumentNullException.ThrowIfNull(entity);
        if (JsonNode.DeepEquals(ToJson(entity.Status), ToJson(status)))
        {
            return false;
        }

        var before = entity.Status;
        entity.Status = status;
        try
        {
            var answer = await client.ReplaceAsync(entity, "status", cancellation).ConfigureAwait(false);
            caches.Observe(answer);
            entity.Metadata.ResourceVersion = answer.Metadata.ResourceVersion;
            return true;
        }
        catch
        {
            entity.Status = before;
            throw;
        }
    }

    /// <summary>Puts a finalizer on an object that lacks it. The object's resourceVersion guards against a concurrent change.</summary>
    public async Task AddFinalizerAsync<T>(T entity, string finalizer, CancellationToken cancellation)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var finalizers = entity.Metadata.Finalizers ?? [];
        if (!finalizers.Contains(finalizer))
        {
            await PatchFinalizersAsync(entity, [.. finalizers, finalizer], cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Takes a finalizer off an object. An object that is gone is what was wanted.</summary>
    public async Task RemoveFinalizerAsync<T>(T entity, string finalizer, CancellationToken cancellation)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var finalizers = entity.Metadata.Finalizers ?? [];
        if (finalizers.Contains(finalizer))
        {
            try
            {
                await PatchFinalizersAsync(entity, [.. finalizers.Where(f => f != finalizer)], cancellation).ConfigureAwait(false);
            }
            catch (ApiException refused) when (refused.IsNotFound)
            {
            }
        }
    }

    /// <summary>
    /// Sets some labels and annotations of an object and leaves all others alone; a null value takes one away. Nothing is
    /// sent when they are so already. An object that has gone, or another with its name, throws an <see cref="ApiException"/>.
    /// </summary>
    /// <returns>The object after the write, or <paramref name="live"/> when nothing was sent.</returns>
    public async Task<T> AnnotateAsync<T>(
        T live, IReadOnlyDictionary<string, string?> annotations, IReadOnlyDictionary<string, string?> labels, CancellationToken cancellation)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        ArgumentNullException.ThrowIfNull(live);
        if (Has(live.Metadata.Annotations, annotations) && Has(live.Metadata.Labels, labels))
        {
            return live;
        }

        var metadata = new JsonObject { ["uid"] = live.Metadata.Uid };
        foreach (var (name, values) in (ReadOnlySpan<(string, IReadOnlyDictionary<string, string?>)>)[("annotations", annotations), ("labels", labels)])
        {
            if (values.Count > 0)
            {
                metadata[name] = new JsonObject(values.Select(v => KeyValuePair.Create(v.Key, (JsonNode?)v.Value)));
            }
        }

        var answer = await client.MergePatchAsync<T>(
            live.Metadata.NamespaceProperty, live.Metadata.Name, new JsonObject { ["metadata"] = metadata }, cancellation).ConfigureAwait(false);
        caches.Observe(answer);
        return answer;
    }

    /// <summary>Deletes this very object, not another that took its name. One that is already being deleted is left alone.</summary>
    public async Task DeleteAsync<T>(T item, TimeSpan? gracePeriod, CancellationToken cancellation)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        if (item.Metadata.DeletionTimestamp is not null && gracePeriod is null)
        {
            return;
        }

        await DeleteAsync(item, null, gracePeriod, cancellation).ConfigureAwait(false);
    }

    /// <summary>
    /// Deletes this very object if it is still as the cache has it: one that has changed meanwhile is left alone, and so is one that
    /// is already being deleted.
    /// </summary>
    public Task DeleteUnchangedAsync<T>(T item, CancellationToken cancellation)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        ArgumentNullException.ThrowIfNull(item);
        return item.Metadata.DeletionTimestamp is null ? DeleteAsync(item, item.Metadata.ResourceVersion, null, cancellation) : Task.CompletedTask;
    }

    /// <summary>Forgets what was applied to an object that is gone.</summary>
    public void Forget<T>(T item)
        where T : class, IKubernetesObject<V1ObjectMeta> => _applied.TryRemove((typeof(T), ObjectKey.Of(item)), out _);

    /// <summary>A deep copy of an object.</summary>
    public static T Copy<T>(T item)
        where T : class, IKubernetesObject<V1ObjectMeta> => KubernetesJson.Deserialize<T>(KubernetesJson.Serialize(item));

    private bool IsUpToDate<T>(T live, JsonObject fields, string digest, ObjectKey key)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        // Unchanged since our own last write of the same fields: whatever the server or a webhook made of them, writing
        // them again would change nothing. An older version in the cache only means that our write is still on its way.
        if (_applied.TryGetValue((typeof(T), key), out var last) && last.Digest == digest && last.Uid == live.Metadata.Uid
            && (last.Version == live.Metadata.ResourceVersion || IsOlder(live.Metadata.ResourceVersion, last.Version)))
        {
            return true;
        }

        return live.Metadata.Annotations?.TryGetValue(DigestAnnotation, out var known) == true && known == digest
            && ApplyComparison.Covers(ToJson(live), fields);
    }

    private async Task DeleteAsync<T>(T item, string? version, TimeSpan? gracePeriod, CancellationToken cancellation)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var left = await client.DeleteAsync<T>(item.Metadata.NamespaceProperty, item.Metadata.Name, item.Metadata.Uid, gracePeriod, cancellation, version).ConfigureAwait(false);
        if (left is not null)
        {
            caches.Observe(left);
        }
    }

    private static bool Has(IDictionary<string, string>? has, IReadOnlyDictionary<string, string?> wants) => wants.All(want =>
        want.Value is null ? has?.ContainsKey(want.Key) != true : has is not null && has.TryGetValue(want.Key, out var value) && value == want.Value);

    private static bool IsOlder(string version, string than) =>
        ulong.TryParse(version, out var a) && ulong.TryParse(than, out var b) && a < b;

    private async Task PatchFinalizersAsync<T>(T entity, IReadOnlyList<string> finalizers, CancellationToken cancellation)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var patch = new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["resourceVersion"] = entity.Metadata.ResourceVersion,
                ["finalizers"] = new JsonArray([.. finalizers.Select(f => (JsonNode)f)]),
            },
        };
        var answer = await client.MergePatchAsync<T>(entity.Metadata.NamespaceProperty, entity.Metadata.Name, patch, cancellation).ConfigureAwait(false);

        // Without any finalizer left the answer is the object's last word; it is gone.
        if (answer.Metadata.DeletionTimestamp is null || finalizers.Count > 0)
        {
            caches.Observe(answer);
        }

        entity.Metadata.Finalizers = answer.Metadata.Finalizers;
        entity.Metadata.ResourceVersion = answer.Metadata.ResourceVersion;
    }

    private static JsonObject FieldsOf<T>(T desired)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var type = ResourceType.Of<T>();
        var fields = (JsonObject)ToJson(desired)!;
        fields["apiVersion"] = type.ApiVersion;
        fields["kind"] = type.Kind;
        fields.Remove("status");
        var metadata = Child(fields, "metadata");
        foreach (var serverOwned in (ReadOnlySpan<string>)["resourceVersion", "uid", "generation", "creationTimestamp", "managedFields", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"])
        {
            metadata.Remove(serverOwned);
        }

        return fields;
    }

    private static JsonObject Child(JsonObject parent, string name)
    {
        if (parent[name] is not JsonObject child)
        {
            parent[name] = child = [];
        }

        return child;
    }

    private static JsonNode? ToJson(object? value) => value is null ? null : JsonNode.Parse(KubernetesJson.Serialize(value));

    private sealed record Applied(string Uid, string Digest, string Version);
}
