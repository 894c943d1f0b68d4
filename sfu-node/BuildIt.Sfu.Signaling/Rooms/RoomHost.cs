using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Base;
using BuildIt.Sfu.Signaling.Rooms.Events;
using BuildIt.Sfu.Signaling.Rooms.Limits;

namespace BuildIt.Sfu.Signaling.Rooms;

/// <summary>An open room, or a part of one, on its media loop, reached from any thread.</summary>
public sealed partial class RoomHost : IRoomObserver
{
    private readonly ClientLimits _limits;
    private readonly IRoomLoop _loop;
    private readonly IRoomObserver _observer;
    private readonly Action<RoomHost> _ended;
    private readonly TaskCompletionSource _isOver = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private RoomCore? _core;

    private RoomHost(RoomOptions options, ClientLimits limits, IRoomLoop loop, IRoomObserver observer, Action<RoomHost> ended)
    {
        Options = options;
        _limits = limits;
        _loop = loop;
        _observer = observer;
        _ended = ended;
    }

    /// <summary>As it was opened with.</summary>
    public RoomOptions Options { get; }

    public string Name => Options.Name;

    /// <summary>Which of this process's loops it lives on.</summary>
    public int Loop => _loop.Index;

    /// <summary>How many are connected to this part of the room; a moment old.</summary>
    public int People => _core!.People;

    /// <summary>Completes when it has ended.</summary>
    public Task Ended => _isOver.Task;

    /// <summary>Opens a room.</summary>
    /// <param name="options">How it behaves.</param>
    /// <param name="services">What the node's rooms share.</param>
    /// <param name="media">Makes its media.</param>
    /// <param name="observer">Learns what happens in it; called on the loop.</param>
    /// <param name="ended">Called on the loop when it has ended, before the observer.</param>
    /// <param name="onLoop">The loop on which it is to live; the one that has the fewest rooms where that is not said.</param>
    public static async Task<RoomHost> OpenAsync(
        RoomOptions options, NodeServices services, IMediaRoomFactory media, IRoomObserver observer, Action<RoomHost> ended, int? onLoop = null)
    {
        var loop = onLoop is { } index ? media.TakeLoop(index) : media.ChooseLoop();
        var host = new RoomHost(options, services.Limits, loop, observer, ended);
        await host.RunAsync(now =>
        {
            var sid = new RoomSid(options.Sid.Length > 0 ? options.Sid : services.Sids.Next("RM_"));
            var core = new RoomCore(sid, options, services, host, host.Schedule, now);
            host._core = core;
            core.Attach(media.Create(loop, core), now);
            loop.Schedule(core);
            return true;
        }).ConfigureAwait(false);
        return host;
    }

    /// <summary>Whether a request has more entries than are gone through. Any thread.</summary>
    public bool Exceeds(SignalRequest request) => RequestBounds.Exceeds(request, _limits);

    /// <summary>Runs <paramref name="work"/> on the room's loop and gives its result.</summary>
    /// <exception cref="InvalidOperationException">The loop has stopped.</exception>
    public Task<T> InvokeAsync<T>(Func<RoomCore, Instant, T> work) => RunAsync(now => work(_core!, now));

    /// <inheritdoc cref="InvokeAsync{T}"/>
    public Task InvokeAsync(Action<RoomCore, Instant> work) => RunAsync(now =>
    {
        work(_core!, now);
        return true;
    });

    void IRoomObserver.OnEvent(RoomEvent happened) => _observer.OnEvent(happened);

    void IRoomObserver.OnEnded(RoomEndReason reason)
    {
        _loop.Unschedule(_core!);
        _ended(this);
        EndParts();
        _isOver.TrySetResult();
        _observer.OnEnded(reason);
    }

    void IRoomObserver.OnLimited(ParticipantSid participant, ClientLimit limit) => _observer.OnLimited(participant, limit);

    private void Schedule()
    {
        if (_core is { Ended: false } core)
        {
            _loop.Schedule(core);
        }
    }

    private Task<T> RunAsync<T>(Func<Instant, T> work)
    {
        // Continuations must not run on the loop: it belongs to media.
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var posted = _loop.Post(now =>
        {
            try
            {
                result.SetResult(work(now));
            }
            catch (Exception error)
            {
                // A fault of ours concerns the one who asked, not the loop and the other rooms on it.
                result.SetException(error);
            }
        });
        return posted ? result.Task : Task.FromException<T>(new InvalidOperationException("The room's loop has stopped."));
    }
}
