using System.Text.Json;
using BuildIt.Operator.Runtime.Client;
using BuildIt.Operator.Runtime.Metrics;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Logging;

namespace BuildIt.Operator.Runtime.Caching;

/// <summary>What the host needs of an informer whatever its kind.</summary>
public interface IInformer
{
    string Kind { get; }

    bool IsSynced { get; }

    /// <summary>When the API server was last heard from: a page, an event, a bookmark, or a watch that ended in order.</summary>
    DateTimeOffset LastHeard { get; }

    /// <summary>When the loop last did anything at all; it stands still only when the loop itself hangs.</summary>
    DateTimeOffset LastActive { get; }

    /// <summary>Lists and watches until cancelled. Never ends by itself.</summary>
    Task RunAsync(CancellationToken cancellation);

    /// <summary>Completes when the first list has been taken over.</summary>
    Task WaitForSyncAsync(CancellationToken cancellation);
}

/// <summary>
/// Keeps a cache of one kind true: lists in pages, watches from there, resumes a watch that ends, and lists again and
/// compares when the server no longer knows the version (410 Gone), so that deletions missed meanwhile are found. An object
/// leaves the cache only when the server says so of this very object; that a kind cannot be had says nothing of its objects.
/// </summary>
public sealed partial class Informer<T> : IInformer, IObjectCache<T>
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    /// <summary>The index from a controlling owner's uid to the objects it owns.</summary>
    internal const string OwnerIndex = "owner";

    /// <summary>Reads by name under way at once.</summary>
    private const int Confirmations = 8;

    private readonly ApiClient _client;
    private readonly string? _namespace;
    private readonly ListQuery _query;
    private readonly InformerOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly ResourceType _type = ResourceType.Of<T>();
    private readonly Lock _lock = new();
    private readonly ObjectStore<T> _store = new();
    private readonly List<Action<ObjectChange<T>>> _handlers = [];
    private volatile Action<T>? _trim;
    private readonly TaskCompletionSource _synced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ulong _seenVersion;
    private long _lastHeard;
    private long _lastActive;

    public Informer(ApiClient client, string? ns, ListQuery query, InformerOptions options, TimeProvider time, ILogger<Informer<T>> log)
    {
        _client = client;
        _namespace = ns;
        _query = query;
        _options = options;
        _time = time;
        _log = log;
        _lastHeard = _lastActive = time.GetUtcNow().UtcTicks;
        _store.AddIndex(OwnerIndex, item => item.Metadata.OwnerReferences?.Where(o => o.Controller == true).Select(o => o.Uid) ?? []);
    }

    public string Kind => _type.Kind;

    public bool IsSynced => _synced.Task.IsCompletedSuccessfully;

    public DateTimeOffset LastHeard => new(Interlocked.Read(ref _lastHeard), TimeSpan.Zero);

    public DateTimeOffset LastActive => new(Interlocked.Read(ref _lastActive), TimeSpan.Zero);

    /// <summary>Adds an index. Before or after start.</summary>
    public void AddIndex(string name, Func<T, IEnumerable<string>> values)
    {
        lock (_lock)
        {
            _store.AddIndex(name, values);
        }
    }

    /// <summary>
    /// Takes off each object, before it is kept, what nobody here reads of this kind; what no kind needs (<see cref="ObjectTrim"/>)
    /// goes anyway. Before start.
    /// </summary>
    public void Trim(Action<T> trim) => _trim = trim;

    /// <summary>Calls <paramref name="handler"/> for each change from now on, on the informer's thread; it must be quick.</summary>
    public void OnChange(Action<ObjectChange<T>> handler)
    {
        lock (_lock)
        {
            _handlers.Add(handler);
        }
    }

    public T? Find(ObjectKey key)
    {
        lock (_lock)
        {
            return _store.Find(key);
        }
    }

    public IReadOnlyList<T> List(string? ns = null)
    {
        lock (_lock)
        {
            return [.. ns is null ? _store.Objects : _store.Objects.Where(o => o.Metadata.NamespaceProperty == ns)];
        }
    }

    public IReadOnlyList<T> FindBy(string index, string value)
    {
        lock (_lock)
        {
            return [.. _store.FindBy(index, value)];
        }
    }

    public IReadOnlyList<T> OwnedBy(string ownerUid) => FindBy(OwnerIndex, ownerUid);

    /// <summary>
    /// Takes the answer to a write into the cache, so that what follows sees it before the watch brings it. Skipped when
    /// the watch is already past it: then the object may be gone again.
    /// </summary>
    internal void Observe(T item)
    {
        IReadOnlyList<ObjectChange<T>> changes;
        Trimmed(item);
        lock (_lock)
        {
            if (!ulong.TryParse(item.Metadata.ResourceVersion, out var version) || version <= _seenVersion || !IsSynced)
            {
                return;
            }

            changes = _store.Upsert(item) is { } made ? [made] : [];
        }

        Publish(changes);
    }

    public Task WaitForSyncAsync(CancellationToken cancellation) => _synced.Task.WaitAsync(cancellation);

    public async Task RunAsync(CancellationToken cancellation)
    {
        var failures = 0;
        string? version = null;
        while (!cancellation.IsCancellationRequested)
        {
            Active();
            var pause = TimeSpan.Zero;
            try
            {
                version ??= await ListAsync(cancellation).ConfigureAwait(false);
                var start = _time.GetTimestamp();
                version = await WatchAsync(version, cancellation).ConfigureAwait(false);

                // A server that ends every watch at once must not be asked in a tight loop.
                failures = _time.GetElapsedTime(start) > TimeSpan.FromSeconds(1) ? 0 : failures + 1;
                Restarted("ended");
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return;
            }
            catch (ApiException refused) when (refused.IsGone)
            {
                LogGone(Kind);
                Restarted("gone");
                version = null;
                failures++;
            }
            catch (ApiException refused) when (refused.IsNotFound)
            {
                // Said by a proxy, or by a server that is only starting, it is no word about any object.
                version = null;
                if (await IsAbsentAsync(cancellation).ConfigureAwait(false))
                {
                    TakeOver([], string.Empty);
                    pause = _options.AbsentInterval;
                }
                else
                {
                    LogFailed(Kind, refused.Message);
                    Restarted("failed");
                    failures++;
                }
            }
            catch (ListDoubtedException doubted)
            {
                LogFailed(Kind, doubted.Message);
                failures++;
            }
            catch (WatchStalledException stalled)
            {
                LogFailed(Kind, stalled.Message);
                Restarted("stalled");
                version = stalled.ResourceVersion;
            }
            catch (WatchBrokenException broken)
            {
                LogFailed(Kind, broken.InnerException!.Message);
                Restarted("failed");
                version = broken.ResourceVersion;
                failures++;
            }
            catch (Exception failure) when (failure is ApiException or HttpRequestException or IOException or JsonException or TimeoutException)
            {
                LogFailed(Kind, failure.Message);
                failures++;
            }

            if (pause == TimeSpan.Zero && failures > 0)
            {
                pause = _options.Backoff.After(failures, Random.Shared.NextDouble());
            }

            if (pause > TimeSpan.Zero)
            {
                try
                {
                    await Task.Delay(pause, _time, cancellation).ConfigureAwait(false);
                }
                catch (OperationCanceledException)
                {
                    return;
                }
            }
        }
    }

    private async Task<string> ListAsync(CancellationToken cancellation)
    {
        var items = new List<T>();
        string? more = null;
        ListPage page;
        do
        {
            // When the token for the next page expires (410) the caller starts the list again.
            page = await _client.ListAsync(_type, _namespace, _query, _options.PageSize, more, cancellation).ConfigureAwait(false);
            Heard();
            items.AddRange(page.Items.Select(Decode).OfType<T>());
            more = page.Continue;
        }
        while (more is not null);

        await ConfirmAsync(items, cancellation).ConfigureAwait(false);
        TakeOver(items, page.ResourceVersion);
        return page.ResourceVersion;
    }

    /// <summary>
    /// Reads each object that a list no longer has by its name, before it counts as deleted: pods and rooms are given up for what
    /// is concluded here.
    /// </summary>
    /// <exception cref="ListDoubtedException">One of them is there.</exception>
    private async Task ConfirmAsync(List<T> items, CancellationToken cancellation)
    {
        var listed = items.Select(item => item.Metadata.Uid).ToHashSet(StringComparer.Ordinal);
        List<T> missing;
        lock (_lock)
        {
            missing = [.. _store.Objects.Where(item => !listed.Contains(item.Metadata.Uid))];
        }

        await Parallel.ForEachAsync(missing, new ParallelOptions { MaxDegreeOfParallelism = Confirmations, CancellationToken = cancellation }, async (item, token) =>
        {
            // Listed, so that the same query applies: what has lost its label has gone as well.
            var byName = $"metadata.name={item.Metadata.Name}";
            var query = _query with { FieldSelector = _query.FieldSelector is { } also ? $"{also},{byName}" : byName };
            var found = await _client.ListAsync(_type, item.Metadata.NamespaceProperty, query, _options.PageSize, null, token).ConfigureAwait(false);
            Heard();
            if (found.Items.Select(Decode).OfType<T>().Any(now => now.Metadata.Uid == item.Metadata.Uid))
            {
                throw new ListDoubtedException(ObjectKey.Of(item));
            }
        }).ConfigureAwait(false);
    }

    /// <summary>Whether the server says, where it tells what it has, that it does not have this kind. Only a kind that may be absent is asked for.</summary>
    private async Task<bool> IsAbsentAsync(CancellationToken cancellation)
    {
        if (!_query.MayBeAbsent || _type.Group.Length == 0)
        {
            return false;
        }

        try
        {
            return await _client.GetRawAsync("apis", cancellation).ConfigureAwait(false) is { } answer
                && answer.TryGetProperty("groups", out var groups) && groups.GetArrayLength() > 0
                && !groups.EnumerateArray().Any(group => group.GetProperty("name").GetString() == _type.Group
                    && group.GetProperty("versions").EnumerateArray().Any(version => version.GetProperty("version").GetString() == _type.Version));
        }
        catch (Exception failure) when (failure is ApiException or HttpRequestException or IOException or JsonException or TimeoutException or KeyNotFoundException or InvalidOperationException)
        {
            LogFailed(Kind, failure.Message);
            return false;
        }
    }

    private void TakeOver(IReadOnlyCollection<T> items, string version)
    {
        IReadOnlyList<ObjectChange<T>> changes;
        lock (_lock)
        {
            Seen_NeedsLock(version);
            changes = _store.Replace(items);
        }

        Publish(changes);
        _synced.TrySetResult();
    }

    /// <summary>Watches until the server ends the watch; returns the version to go on from.</summary>
    private async Task<string> WatchAsync(string version, CancellationToken cancellation)
    {
        var timeout = _options.WatchTimeout * (1 + (Random.Shared.NextDouble() / 2));
        using var stall = new CancellationTokenSource(timeout + _options.StallGrace, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stall.Token, cancellation);
        try
        {
            await foreach (var line in _client.WatchAsync(_type, _namespace, _query, version, timeout, either.Token).ConfigureAwait(false))
            {
                Heard();
                version = Handle(line) ?? version;
            }

            Heard();
            return version;
        }
        catch (OperationCanceledException) when (stall.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw new WatchStalledException(version);
        }
        catch (Exception broken) when (broken is HttpRequestException or IOException or JsonException or TimeoutException)
        {
            throw new WatchBrokenException(version, broken);
        }
    }

    /// <summary>Handles one watch event; returns the version it brought, if any.</summary>
    private string? Handle(JsonElement line)
    {
        var body = line.GetProperty("object");
        var kind = line.GetProperty("type").GetString();
        if (kind == "ERROR")
        {
            throw ApiClient.FromStatus(body, System.Net.HttpStatusCode.InternalServerError);
        }

        var metadata = body.GetProperty("metadata");
        var version = metadata.TryGetProperty("resourceVersion", out var text) ? text.GetString() : null;
        if (kind is "ADDED" or "MODIFIED" && Decode(body) is { } item)
        {
            Publish(Change(version, s => s.Upsert(item)));
        }
        else if (kind == "DELETED")
        {
            var ns = metadata.TryGetProperty("namespace", out var given) ? given.GetString() : null;
            var key = new ObjectKey(ns ?? string.Empty, metadata.GetProperty("name").GetString() ?? string.Empty);
            Publish(Change(version, s => s.Remove(key)));
        }

        else
        {
            Change(version, _ => null);
        }

        return version;
    }

    private IReadOnlyList<ObjectChange<T>> Change(string? version, Func<ObjectStore<T>, ObjectChange<T>?> change)
    {
        lock (_lock)
        {
            Seen_NeedsLock(version);
            return change(_store) is { } made ? [made] : [];
        }
    }

    private void Seen_NeedsLock(string? version)
    {
        if (ulong.TryParse(version, out var seen))
        {
            _seenVersion = seen;
        }
    }

    private void Publish(IReadOnlyList<ObjectChange<T>> changes)
    {
        Action<ObjectChange<T>>[] handlers;
        lock (_lock)
        {
            handlers = [.. _handlers];
            RuntimeMetrics.CacheObjects.WithLabels(Kind).Set(_store.Count);
        }

        foreach (var change in changes)
        {
            foreach (var handler in handlers)
            {
                handler(change);
            }
        }
    }

    private T? Decode(JsonElement json)
    {
        try
        {
            return Trimmed(ApiClient.Read<T>(json));
        }
        catch (Exception unreadable) when (unreadable is JsonException or FormatException or NotSupportedException or ArgumentException or InvalidOperationException or OverflowException)
        {
            RuntimeMetrics.Undecodable.WithLabels(Kind).Inc();
            var metadata = json.TryGetProperty("metadata", out var m) ? m : default;
            LogUndecodable(Kind, metadata.ValueKind == JsonValueKind.Object && metadata.TryGetProperty("name", out var name) ? name.GetString() : null, unreadable.Message);
            return null;
        }
    }

    private T Trimmed(T item)
    {
        ObjectTrim.Metadata(item);
        _trim?.Invoke(item);
        return item;
    }

    private void Active() => Interlocked.Exchange(ref _lastActive, _time.GetUtcNow().UtcTicks);

    private void Heard()
    {
        Active();
        Interlocked.Exchange(ref _lastHeard, _time.GetUtcNow().UtcTicks);
    }

    private void Restarted(string reason) => RuntimeMetrics.WatchRestarts.WithLabels(Kind, reason).Inc();

    [LoggerMessage(Level = LogLevel.Information, Message = "{Kind}: the server no longer knows the version; listing again")]
    private partial void LogGone(string kind);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Kind}: {Problem}; trying again")]
    private partial void LogFailed(string kind, string problem);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Kind} {Name} cannot be read and is left out: {Problem}")]
    private partial void LogUndecodable(string kind, string? name, string problem);

    private sealed class ListDoubtedException(ObjectKey key) : Exception($"the list lacks {key}, which is there when it is asked for by name");

    private sealed class WatchStalledException(string version) : Exception("the watch has gone silent")
    {
        public string ResourceVersion { get; } = version;
    }

    private sealed class WatchBrokenException(string version, Exception cause) : Exception("the watch broke off", cause)
    {
        public string ResourceVersion { get; } = version;
    }
}
