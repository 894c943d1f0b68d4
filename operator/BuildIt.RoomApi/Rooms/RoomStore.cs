using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using BuildIt.Operator.Api;
using BuildIt.RoomApi.Configuration;
using BuildIt.RoomApi.Tokens;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace BuildIt.RoomApi.Rooms;

/// <summary>One page of rooms.</summary>
public sealed record RoomPage(IReadOnlyList<ConferenceRoom> Rooms, string? Continue);

/// <summary>
/// ConferenceRoom objects in the one namespace. Every read asks the API server, so that a decision made through one replica
/// counts at once on all. Thread-safe. Throws <see cref="KubernetesUnavailableException"/> when the server does not answer.
/// </summary>
public sealed class RoomStore(IKubernetes kubernetes, RoomApiSettings settings)
{
    public const string FieldManager = "room-api";

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(8);

    /// <summary>Tries to change an object that others change at the same time.</summary>
    private const int Attempts = 20;

    /// <summary>Creates a room; null when one with this name exists.</summary>
    /// <exception cref="ObjectRefusedException">The API server refused the object.</exception>
    public async Task<ConferenceRoom?> CreateAsync(ConferenceRoom room, CancellationToken cancellation)
    {
        room.Metadata.NamespaceProperty = settings.Namespace;
        return await CallAsync(
            HttpStatusCode.Conflict,
            limit => kubernetes.CustomObjects.CreateNamespacedCustomObjectAsync<ConferenceRoom>(
                room, SfuApi.Group, SfuApi.Version, settings.Namespace, ConferenceRoom.Plural, fieldManager: FieldManager, cancellationToken: limit),
            cancellation);
    }

    /// <summary>Null when there is no such room.</summary>
    public Task<ConferenceRoom?> FindAsync(string id, CancellationToken cancellation) => CallAsync(
        HttpStatusCode.NotFound,
        limit => kubernetes.CustomObjects.GetNamespacedCustomObjectAsync<ConferenceRoom>(
            SfuApi.Group, SfuApi.Version, settings.Namespace, ConferenceRoom.Plural, id, limit),
        cancellation);

    /// <param name="creator">Label value of the creator; null for the rooms of all.</param>
    /// <param name="limit">Rooms on a page.</param>
    /// <param name="continuation">Where the page before ended; null for the first.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <returns>Null when the continuation is no longer known.</returns>
    public async Task<RoomPage?> ListAsync(string? creator, int limit, string? continuation, CancellationToken cancellation)
    {
        var list = await CallAsync(
            HttpStatusCode.Gone,
            time => kubernetes.CustomObjects.ListNamespacedCustomObjectAsync<KubernetesList<ConferenceRoom>>(
                SfuApi.Group,
                SfuApi.Version,
                settings.Namespace,
                ConferenceRoom.Plural,
                continueParameter: continuation,
                labelSelector: creator is null ? null : $"{RoomAnnotations.CreatorLabel}={creator}",
                limit: limit,
                cancellationToken: time),
            cancellation);
        return list is null ? null : new RoomPage([.. list.Items], list.Metadata.ContinueProperty is { Length: > 0 } next ? next : null);
    }

    /// <summary>JSON merge patch (RFC 7396). Null when there is no such room.</summary>
    /// <exception cref="ObjectRefusedException">The API server refused the result.</exception>
    public Task<ConferenceRoom?> PatchAsync(string id, JsonObject patch, CancellationToken cancellation) => PatchAsync(id, patch, cancellation, also: null);

    private Task<ConferenceRoom?> PatchAsync(string id, JsonObject patch, CancellationToken cancellation, HttpStatusCode? also) => CallAsync(
        HttpStatusCode.NotFound,
        limit => kubernetes.CustomObjects.PatchNamespacedCustomObjectAsync<ConferenceRoom>(
            new V1Patch(patch.ToJsonString(), V1Patch.PatchType.MergePatch),
            SfuApi.Group,
            SfuApi.Version,
            settings.Namespace,
            ConferenceRoom.Plural,
            id,
            fieldManager: FieldManager,
            cancellationToken: limit),
        cancellation,
        also);

    /// <summary>
    /// Changes what was decided about one participant. Whoever decides at the same time, here or elsewhere, is not overwritten: the
    /// change is made anew on top of theirs.
    /// </summary>
    /// <param name="id">The room.</param>
    /// <param name="participant">Whom it is about.</param>
    /// <param name="change">Makes the new decision out of the one that stands; may run several times. What it throws ends it.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <returns>The decision that stands then; null when there is no such room.</returns>
    /// <exception cref="ObjectRefusedException">The API server refused the result.</exception>
    public async Task<Decision?> DecideAsync(string id, Identity.ParticipantId participant, Func<Decision, Decision> change, CancellationToken cancellation)
    {
        for (var attempt = 1; await FindAsync(id, cancellation) is { } room; attempt++)
        {
            var before = RoomAnnotations.Of(room, participant);
            var after = change(before);
            if (after == before)
            {
                return after;
            }

            // A version in a patch makes it conditional: what has changed since is a conflict.
            var patch = new JsonObject
            {
                ["metadata"] = new JsonObject
                {
                    ["resourceVersion"] = room.Metadata.ResourceVersion,
                    ["annotations"] = new JsonObject { [RoomAnnotations.NameFor(participant)] = RoomAnnotations.Write(after) },
                },
            };
            if (await PatchAsync(id, patch, cancellation, also: HttpStatusCode.Conflict) is not null)
            {
                return after;
            }

            if (attempt == Attempts)
            {
                throw new KubernetesUnavailableException(new InvalidOperationException($"the room was changed by others {Attempts} times in a row"));
            }
        }

        return null;
    }

    /// <summary>False when there is no such room.</summary>
    public async Task<bool> DeleteAsync(string id, CancellationToken cancellation) => await CallAsync<object>(
        HttpStatusCode.NotFound,
        limit => kubernetes.CustomObjects.DeleteNamespacedCustomObjectAsync(
            SfuApi.Group, SfuApi.Version, settings.Namespace, ConferenceRoom.Plural, id, propagationPolicy: "Background", cancellationToken: limit),
        cancellation) is not null;

    /// <summary>Deletes exactly this object; one of the same name that was made meanwhile stays.</summary>
    public Task DeleteAsync(ConferenceRoom room, CancellationToken cancellation) => CallAsync<object>(
        HttpStatusCode.NotFound,
        limit => kubernetes.CustomObjects.DeleteNamespacedCustomObjectAsync(
            SfuApi.Group,
            SfuApi.Version,
            settings.Namespace,
            ConferenceRoom.Plural,
            room.Metadata.Name,
            new V1DeleteOptions { Preconditions = new V1Preconditions { Uid = room.Metadata.Uid }, PropagationPolicy = "Background" },
            cancellationToken: limit),
        cancellation,
        also: HttpStatusCode.Conflict);

    public async Task<IReadOnlyList<SfuCluster>> ClustersAsync(CancellationToken cancellation)
    {
        var list = await CallAsync(
            HttpStatusCode.Gone,
            limit => kubernetes.CustomObjects.ListNamespacedCustomObjectAsync<KubernetesList<SfuCluster>>(
                SfuApi.Group, SfuApi.Version, settings.Namespace, SfuCluster.Plural, cancellationToken: limit),
            cancellation);
        return list is null ? [] : [.. list.Items];
    }

    /// <summary>The links between fleets; none where an older role of this service does not let it see them.</summary>
    public async Task<IReadOnlyList<RegionLink>> LinksAsync(CancellationToken cancellation)
    {
        var list = await CallAsync(
            HttpStatusCode.Forbidden,
            limit => kubernetes.CustomObjects.ListNamespacedCustomObjectAsync<KubernetesList<RegionLink>>(
                SfuApi.Group, SfuApi.Version, settings.Namespace, RegionLink.Plural, cancellationToken: limit),
            cancellation);
        return list is null ? [] : [.. list.Items];
    }

    /// <summary>Rooms as they change from now on, until the server or <paramref name="cancellation"/> ends it.</summary>
    public async IAsyncEnumerable<ConferenceRoom> WatchAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        // A page of one tells the version to watch from: what is there already concerns nobody who waits.
        var page = await CallAsync(
            HttpStatusCode.Gone,
            limit => kubernetes.CustomObjects.ListNamespacedCustomObjectAsync<KubernetesList<ConferenceRoom>>(
                SfuApi.Group, SfuApi.Version, settings.Namespace, ConferenceRoom.Plural, limit: 1, cancellationToken: limit),
            cancellation);
        var changes = kubernetes.CustomObjects.WatchListNamespacedCustomObjectAsync(
            SfuApi.Group,
            SfuApi.Version,
            settings.Namespace,
            ConferenceRoom.Plural,
            resourceVersion: page?.Metadata.ResourceVersion,
            timeoutSeconds: 240,
            cancellationToken: cancellation);
        await foreach (var (_, item) in changes)
        {
            if (item is JsonElement json)
            {
                yield return KubernetesJson.Deserialize<ConferenceRoom>(json);
            }
        }
    }

    /// <summary>Runs a call; null for the refusals that the caller expects.</summary>
    private static async Task<T?> CallAsync<T>(
        HttpStatusCode expected, Func<CancellationToken, Task<T>> call, CancellationToken cancellation, HttpStatusCode? also = null)
        where T : class
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Timeout);
        var started = Stopwatch.GetTimestamp();
        try
        {
            while (true)
            {
                try
                {
                    return await call(limit.Token);
                }
                catch (HttpOperationException busy) when (PauseOf(busy) is { } pause && Stopwatch.GetElapsedTime(started) + pause < Timeout)
                {
                    await Task.Delay(pause, limit.Token);
                }
            }
        }
        catch (HttpOperationException e) when (e.Response.StatusCode == expected || e.Response.StatusCode == also)
        {
            return null;
        }
        catch (HttpOperationException e) when (e.Response.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity or HttpStatusCode.Forbidden
            && Message(e.Response.Content) is { } message)
        {
            throw new ObjectRefusedException(message, e);
        }
        catch (Exception e) when (e is HttpOperationException or HttpRequestException or IOException or JsonException
            || Stopping.IsTimeout(e, cancellation))
        {
            throw new KubernetesUnavailableException(e);
        }
    }

    /// <summary>
    /// How long a server that is too busy (429) asks to be left alone; null for any other answer. It has not begun what it refused
    /// so, therefore any request may be sent again.
    /// </summary>
    private static TimeSpan? PauseOf(HttpOperationException refused) =>
        refused.Response.StatusCode is HttpStatusCode.TooManyRequests && refused.Response.Headers.TryGetValue("Retry-After", out var after)
        && int.TryParse(after.FirstOrDefault(), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            ? TimeSpan.FromSeconds(Math.Max(seconds, 1))
            : null;

    private static string? Message(string? status)
    {
        try
        {
            return status is null ? null : (string?)JsonNode.Parse(status)?["message"];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
