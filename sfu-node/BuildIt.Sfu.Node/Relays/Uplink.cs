using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Node.State;
using BuildIt.Sfu.Signaling.Rooms;
using BuildIt.Sfu.Signaling.Rooms.Links;

namespace BuildIt.Sfu.Node.Relays;

/// <summary>
/// Keeps the link of one room to one parent: opens it, and opens it again when it breaks, for as long as it is wanted. Thread-safe.
/// </summary>
internal sealed partial class Uplink : IAsyncDisposable
{
    /// <summary>How long a link may take to be complete.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    private readonly RoomHost _host;
    private readonly LinkClient _client;
    private readonly NodeId _self;
    private readonly UrgentNews _news;
    private readonly TimeProvider _time;
    private readonly BackgroundFaults _faults;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _running;
    private RoomRoute _route;
    private RoomSeat _parent;
    private volatile RoomLink? _link;
    private volatile LinkObstacle? _obstacle;
    private bool _isLost;

    public Uplink(
        RoomHost host, RoomRoute route, RoomSeat parent, NodeId self, LinkClient client, UrgentNews news, TimeProvider time, BackgroundFaults faults, ILogger logger)
    {
        (_host, _route, _parent, _self, _client, _news, _time, _faults, _logger) = (host, route, parent, self, client, news, time, faults, logger);
        Parent = parent.Node;
        // Not before what an initializer sets is set.
        _running = Task.Run(RunAsync);
    }

    public NodeId Parent { get; }

    /// <summary>Time between two probes of the path.</summary>
    public TimeSpan ProbeInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Why there is no link; null while there is one.</summary>
    public LinkObstacle? Obstacle => _obstacle;

    /// <summary>Completes when the room has come from the parent for the first time.</summary>
    public Task Complete => _complete.Task;

    /// <summary>Whether this node has all that the parent knows.</summary>
    public bool IsComplete => _link is { IsComplete: true, IsUp: true };

    /// <summary>What bounds what is sent to the parent; null where nothing does.</summary>
    public LinkBounds? Bounds { get; init; }

    /// <summary>A newer route joins the same two nodes.</summary>
    public void Follow(RoomRoute route, RoomSeat parent) => (_route, _parent) = (route, parent);

    /// <summary>Another link takes its place: everybody is known by that one before this one ends.</summary>
    public Task RetireAsync() => _host.InvokeAsync((_, now) => _link?.Retire(now));

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        var pause = ShortestPause;
        string? told = null;
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                var obstacle = await OnceAsync();
                _obstacle = obstacle;
                if (obstacle is null)
                {
                    (pause, told) = (ShortestPause, null);
                }
                else if (obstacle.Reason != told)
                {
                    told = obstacle.Reason;
                    LogRefused(_host.Name, Parent, obstacle.Reason);
                }

                await Task.Delay(pause * (0.75 + 0.5 * Random.Shared.NextDouble()), _time, _stopping.Token);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                // Not wanted any more.
            }
            catch (InvalidOperationException)
            {
                // The room's loop has stopped, and the room with it.
                return;
            }
            catch (Exception error)
            {
                _faults.Count("uplink", error);
                await Task.Delay(LongestPause, _time, CancellationToken.None);
            }
        }
    }

    /// <summary>One link, from asking for it to its end; why there was none, or null when it was complete.</summary>
    private async Task<LinkObstacle?> OnceAsync()
    {
        var complete = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var (route, parent) = (_route, _parent);
        var options = new RoomLinkOptions(Parent.Value, IsChild: true)
        {
            ProbeInterval = ProbeInterval,
            Fleet = parent.Cluster,
            Bound = route.SeatOf(_self) is { } own ? Bounds?.Of(parent.Cluster, own) : null,
        };
        var link = await _host.InvokeAsync((core, now) => core.Ended ? null : core.OpenLink(options, Changed, now));
        if (link is null)
        {
            return new LinkObstacle(LinkState.Connecting, "the room is over");
        }

        _link = link;
        try
        {
            var request = new LinkRequest
            {
                Room = _host.Name,
                Node = _self.Value,
                Generation = route.Generation,
                Revision = route.Revision,
                Address = LinkAddress.Of(link.Local),
            };
            var (address, obstacle) = await _client.AskAsync(parent, request, _stopping.Token);
            if (address is null)
            {
                return obstacle;
            }

            if (await _host.InvokeAsync((_, now) => link.Connect(address.ToMedia(), now)) is { } error)
            {
                return new LinkObstacle(LinkState.Broken, error);
            }

            using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
            limit.CancelAfter(Patience);
            await Task.WhenAny(complete.Task, ended.Task, Task.Delay(Timeout.Infinite, limit.Token));
            if (!complete.Task.IsCompleted)
            {
                _stopping.Token.ThrowIfCancellationRequested();
                return new LinkObstacle(
                    LinkState.Broken,
                    ended.Task.IsCompleted && link.Failure == RelayFailure.Transport ? "no path to the parent carries media" : "the parent does not answer over the path of media");
            }

            _obstacle = null;
            LogUp(_host.Name, Parent);
            _complete.TrySetResult();
            await ended.Task.WaitAsync(_stopping.Token);
            LogDown(_host.Name, Parent, link.Failure);
            // One that floods is not asked again at once.
            return link.Failure == RelayFailure.Flood ? new LinkObstacle(LinkState.Broken, "the parent said more than a room can have to say") : null;
        }
        finally
        {
            _link = null;
            await _host.InvokeAsync((_, now) => link.Close(now));
        }

        void Changed(RoomLink changed, Instant now)
        {
            if (changed.IsComplete)
            {
                complete.TrySetResult();
            }

            if (changed.IsClosed)
            {
                ended.TrySetResult();
            }

            Tell(changed);
        }
    }

    /// <summary>
    /// A parent that the room came from and comes from no longer, or again, is for the operator to know at once. On the room's loop.
    /// </summary>
    private void Tell(RoomLink link)
    {
        var isLost = link.IsSilent || link is { IsClosed: true, Failure: not RelayFailure.Closed };
        if (link.IsComplete && isLost != _isLost)
        {
            _isLost = isLost;
            _news.Raise();
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Room {Room} comes from node {Parent}")]
    private partial void LogUp(string room, NodeId parent);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The link of room {Room} to node {Parent} broke ({Reason}); it is opened again")]
    private partial void LogDown(string room, NodeId parent, RelayFailure reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Room {Room} does not come from node {Parent}: {Reason}")]
    private partial void LogRefused(string room, NodeId parent, string reason);
}
