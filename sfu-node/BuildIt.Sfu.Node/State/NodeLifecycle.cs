using BuildIt.Sfu.Contracts;

namespace BuildIt.Sfu.Node.State;

/// <summary>What the shell has to do after the lifecycle took a step.</summary>
[Flags]
public enum LifecycleActions
{
    None = 0,

    /// <summary>Ask every connected client to connect again, elsewhere.</summary>
    ReconnectClients = 1,

    /// <summary>End the process.</summary>
    Exit = 2,
}

/// <summary>
/// A node's state from start to end: starting, serving, draining, drained. A drain can be called back until the process ends.
/// Takes the time as an argument. Thread-safe.
/// </summary>
/// <param name="shutdownDelay">How long a drain lasts at least before the process ends.</param>
public sealed class NodeLifecycle(TimeSpan shutdownDelay)
{
    private readonly Lock _lock = new();
    private bool _ready;
    private DrainCommand? _drain;
    private DateTimeOffset _drainStarted;
    private bool _reconnected;
    private int _rooms;
    private int _participants;

    public NodeState State
    {
        get
        {
            lock (_lock)
            {
                return StateNeedsLock();
            }
        }
    }

    /// <summary>Whether new rooms may be taken. Participants of rooms that are here may still join while draining.</summary>
    public bool AcceptsRooms => State == NodeState.Serving;

    /// <summary>Sockets are open and the address is known.</summary>
    public void Started()
    {
        lock (_lock)
        {
            _ready = true;
        }
    }

    /// <summary>Begins a drain or changes the one under way.</summary>
    public DrainStatus Drain(DrainCommand command, DateTimeOffset now)
    {
        lock (_lock)
        {
            if (_drain is null)
            {
                _drainStarted = now;
                _reconnected = false;
            }

            _drain = command;
            return StatusNeedsLock();
        }
    }

    /// <summary>Calls a drain back. Without one nothing changes.</summary>
    public DrainStatus Undrain()
    {
        lock (_lock)
        {
            _drain = null;
            return StatusNeedsLock();
        }
    }

    public DrainStatus Status()
    {
        lock (_lock)
        {
            return StatusNeedsLock();
        }
    }

    /// <summary>Called every second and after each drain command with what the node carries; says what is due.</summary>
    public LifecycleActions Observe(int rooms, int participants, DateTimeOffset now)
    {
        lock (_lock)
        {
            (_rooms, _participants) = (rooms, participants);
            if (_drain is null)
            {
                return LifecycleActions.None;
            }

            var actions = LifecycleActions.None;
            if (!_reconnected && participants > 0 && (_drain.ReconnectClients || now >= _drain.Deadline))
            {
                _reconnected = true;
                actions |= LifecycleActions.ReconnectClients;
            }

            // Services lead newcomers here for a moment after a pod's end has begun.
            if (participants == 0 && _drain.ExitWhenEmpty && now - _drainStarted >= shutdownDelay)
            {
                actions |= LifecycleActions.Exit;
            }

            return actions;
        }
    }

    private NodeState StateNeedsLock() => (_ready, _drain, _participants) switch
    {
        (_, not null, 0) => NodeState.Drained,
        (_, not null, _) => NodeState.Draining,
        (false, null, _) => NodeState.Starting,
        (true, null, _) => NodeState.Serving,
    };

    private DrainStatus StatusNeedsLock() => new()
    {
        State = StateNeedsLock(),
        StartedAt = _drain is null ? null : _drainStarted,
        Deadline = _drain?.Deadline,
        Rooms = _rooms,
        Participants = _participants,
    };
}
