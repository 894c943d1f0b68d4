using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Node.State;
using BuildIt.Sfu.Signaling.Rooms;
using BuildIt.Sfu.Signaling.Rooms.Links;

namespace BuildIt.Sfu.Node.Parts;

/// <summary>
/// Keeps the link between a part of a room and its home: both ends are made here, and made again when it breaks, for as long as both parts
/// are there. Thread-safe.
/// </summary>
internal sealed partial class PartLink
{
    /// <summary>How long a link may take to be complete.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    private readonly RoomHost _home;
    private readonly RoomHost _part;
    private readonly TimeProvider _time;
    private readonly BackgroundFaults _faults;
    private readonly ILogger _logger;
    private readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _over;
    private volatile RoomLink? _link;

    public PartLink(RoomHost home, RoomHost part, TimeProvider time, BackgroundFaults faults, ILogger logger)
    {
        (_home, _part, _time, _faults, _logger) = (home, part, time, faults, logger);
        _over = Task.WhenAny(home.Ended, part.Ended);
        _ = Task.Run(RunAsync);
    }

    /// <summary>Completes when the part has all that its home has, for the first time.</summary>
    public Task Complete => _complete.Task;

    /// <summary>Whether it has that now.</summary>
    public bool IsComplete => _link is { IsComplete: true, IsUp: true };

    private async Task RunAsync()
    {
        var pause = ShortestPause;
        while (!_over.IsCompleted)
        {
            try
            {
                pause = await OnceAsync() ? ShortestPause : pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
            catch (InvalidOperationException)
            {
                // A loop has stopped, and the process with it.
                return;
            }
            catch (Exception error)
            {
                _faults.Count("part_link", error);
            }

            await Task.WhenAny(_over, Task.Delay(pause, _time));
        }
    }

    /// <summary>One link, from making it to its end; false when it never was complete.</summary>
    private async Task<bool> OnceAsync()
    {
        var complete = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var child = await _part.InvokeAsync((core, now) => core.Ended
            ? null
            : core.OpenLink(new RoomLinkOptions(_home.Options.PartName, IsChild: true) { IsInner = true }, Changed, now));
        if (child is null)
        {
            return false;
        }

        RoomLink? parent = null;
        try
        {
            parent = await _home.InvokeAsync((core, now) =>
            {
                if (core.Ended)
                {
                    return null;
                }

                var link = core.OpenLink(new RoomLinkOptions(_part.Options.PartName, IsChild: false) { IsInner = true }, EndedThere, now);
                link.Connect(child.Local, now);
                return link;
            });
            if (parent is null)
            {
                return false;
            }

            await _part.InvokeAsync((_, now) => child.Connect(parent.Local, now));
            await Task.WhenAny(complete.Task, ended.Task, _over, Task.Delay(Patience, _time));
            if (!complete.Task.IsCompleted)
            {
                LogNotUp(_home.Name, _part.Loop);
                return false;
            }

            _link = child;
            _complete.TrySetResult();
            await Task.WhenAny(ended.Task, _over);
            if (!_over.IsCompleted)
            {
                LogDown(_home.Name, _part.Loop, child.Failure);
            }

            return child.Failure != RelayFailure.Flood;
        }
        finally
        {
            _link = null;
            await _part.InvokeAsync((_, now) => child.Close(now));
            if (parent is not null)
            {
                await _home.InvokeAsync((_, now) => parent.Close(now));
            }
        }

        // The other end would notice by silence, and later.
        void EndedThere(RoomLink link, Instant now)
        {
            if (link.IsClosed)
            {
                ended.TrySetResult();
            }
        }

        void Changed(RoomLink link, Instant now)
        {
            if (link.IsComplete)
            {
                complete.TrySetResult();
            }

            EndedThere(link, now);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The part of room {Room} on loop {Loop} lost its link to the rest of the room ({Reason}); it is opened again")]
    private partial void LogDown(string room, int loop, RelayFailure reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The part of room {Room} on loop {Loop} is not reached by the rest of the room; it is tried again")]
    private partial void LogNotUp(string room, int loop);
}
