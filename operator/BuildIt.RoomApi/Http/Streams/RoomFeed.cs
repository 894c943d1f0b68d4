using System.Collections.Immutable;
using BuildIt.Operator.Api;
using BuildIt.RoomApi.Identity;
using BuildIt.RoomApi.Registry.Commits;

namespace BuildIt.RoomApi.Http.Streams;

/// <summary>What the streams of one room go by.</summary>
/// <param name="Room">The room as it was read last; null when it is gone.</param>
/// <param name="Head">Where its log stands; null while that is not known.</param>
/// <param name="Out">How often whom was put out while somebody streamed.</param>
/// <param name="Mail">How often mail came for those who stream.</param>
internal sealed record FeedState(
    ConferenceRoom? Room, LogHead? Head, ImmutableDictionary<ParticipantId, int> Out, ImmutableDictionary<ParticipantId, int> Mail);

/// <summary>
/// Follows one room for all of its streams at this replica: what they need is read once, and each takes from it at its own pace.
/// Nothing is queued for anybody. Thread-safe.
/// </summary>
internal sealed class RoomFeed(string id, FeedState state, CancellationToken stopping) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(stopping);
    private readonly Dictionary<ParticipantId, int> _readers = [];
    private TaskCompletionSource _changed = New();
    private TaskCompletionSource _woken = New();
    private FeedState _state = state;
    private bool _roomIsDue = true;

    public string Id => id;

    /// <summary>Ends the reading.</summary>
    public CancellationToken Stopping => _stop.Token;

    /// <summary>The state, and what completes when there is another one.</summary>
    public (FeedState State, Task Changed) Current
    {
        get
        {
            lock (_lock)
            {
                return (_state, _changed.Task);
            }
        }
    }

    /// <summary>Completes when the room should be read again.</summary>
    public Task Woken
    {
        get
        {
            lock (_lock)
            {
                return _woken.Task;
            }
        }
    }

    /// <summary>One more stream of a participant; false when they have <paramref name="most"/>.</summary>
    public bool TryEnter(ParticipantId participant, int most)
    {
        lock (_lock)
        {
            var now = _readers.GetValueOrDefault(participant);
            if (now >= most)
            {
                return false;
            }

            _readers[participant] = now + 1;
            return true;
        }
    }

    /// <summary>One stream less; true when it was the last of all.</summary>
    public bool Leave(ParticipantId participant)
    {
        lock (_lock)
        {
            if (--_readers[participant] == 0)
            {
                _readers.Remove(participant);
            }

            return _readers.Count == 0;
        }
    }

    /// <summary>Has the log read again, and the room as well where it may have changed.</summary>
    public void Wake(bool room)
    {
        lock (_lock)
        {
            _roomIsDue |= room;
            _woken.TrySetResult();
        }
    }

    /// <summary>Begins to read: whoever wakes it from now on has it read once more.</summary>
    /// <returns>Whether the room is to be read as well.</returns>
    public bool Begin()
    {
        lock (_lock)
        {
            var due = _roomIsDue;
            _roomIsDue = false;
            if (_woken.Task.IsCompleted)
            {
                _woken = New();
            }

            return due;
        }
    }

    public void PutOut(ParticipantId participant) =>
        Change(before => before with { Out = before.Out.SetItem(participant, before.Out.GetValueOrDefault(participant) + 1) });

    public void Deliver(ParticipantId participant)
    {
        lock (_lock)
        {
            if (_readers.ContainsKey(participant))
            {
                Change(before => before with { Mail = before.Mail.SetItem(participant, before.Mail.GetValueOrDefault(participant) + 1) });
            }
        }
    }

    public void SetHead(LogHead head) => Change(before => before with { Head = head });

    /// <summary>The room was read; null when it is gone.</summary>
    public void SetRoom(ConferenceRoom? room) => Change(before => before with { Room = room });

    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
    }

    private void Change(Func<FeedState, FeedState> change)
    {
        lock (_lock)
        {
            _state = change(_state);
            _changed.TrySetResult();
            _changed = New();
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
