using System.Collections.Concurrent;
using System.Diagnostics;
using BuildIt.Operator.Api;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Operator.Runtime.Client;
using Microsoft.Extensions.Logging.Abstractions;

namespace BuildIt.Operator.Bench.Rooms;

/// <summary>Watches the rooms of a namespace and notes when each is seen Ready for the first time: what any client of the API sees.</summary>
internal sealed class ReadyWatch : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<string, long> _ready = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Informer<ConferenceRoom> _informer;
    private readonly int _expected;
    private readonly string _prefix;
    private Task _watching = Task.CompletedTask;

    public ReadyWatch(ApiClient client, string ns, int expected, string prefix)
    {
        _expected = expected;
        _prefix = prefix;
        _informer = new Informer<ConferenceRoom>(
            client, ns, ListQuery.All, new InformerOptions(), TimeProvider.System, NullLogger<Informer<ConferenceRoom>>.Instance);
        _informer.OnChange(Note);
    }

    /// <summary>Called for each room that appears.</summary>
    public Action<ConferenceRoom> Appeared { get; init; } = _ => { };

    /// <summary>When each room was seen Ready, as timestamps of <see cref="Stopwatch"/>.</summary>
    public IReadOnlyDictionary<string, long> Ready => _ready;

    public async Task StartAsync()
    {
        _watching = _informer.RunAsync(_stop.Token);
        await _informer.WaitForSyncAsync(_stop.Token);
    }

    /// <summary>Waits until as many rooms as expected are Ready.</summary>
    public Task AllReadyAsync(TimeSpan patience) => _all.Task.WaitAsync(patience);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching;
        _stop.Dispose();
    }

    private void Note(ObjectChange<ConferenceRoom> change)
    {
        if (!change.Latest.Metadata.Name.StartsWith(_prefix, StringComparison.Ordinal))
        {
            return;
        }

        if (change is { Old: null, New: { } made })
        {
            Appeared(made);
        }

        if (change.New is { Status.Phase: RoomPhase.Ready } room && _ready.TryAdd(room.Metadata.Name, Stopwatch.GetTimestamp()) && _ready.Count == _expected)
        {
            _all.TrySetResult();
        }
    }
}
