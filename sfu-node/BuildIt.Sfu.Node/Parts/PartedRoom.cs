using BuildIt.Sfu.Node.State;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms;

namespace BuildIt.Sfu.Node.Parts;

/// <summary>The parts of one room and their links to its home. Thread-safe.</summary>
internal sealed partial class PartedRoom(RoomHost home, RoomDirectory rooms, TimeProvider time, BackgroundFaults faults, ILogger logger)
{
    private readonly Lock _lock = new();

    // By loop.
    private readonly SortedDictionary<int, Part> _parts = [];
    private int _arrivals = -1;

    /// <summary>How many have been placed before this one, for those who place in turn.</summary>
    public int NextArrival() => Interlocked.Increment(ref _arrivals);

    /// <summary>The parts as they are now, the home first.</summary>
    public PartLoad[] Loads()
    {
        lock (_lock)
        {
            return [new PartLoad(home.Loop, home.People, true), .. _parts.Values.Select(part => part.Load(home))];
        }
    }

    /// <summary>The part on a loop; the home where there is none that could serve anybody.</summary>
    public RoomHost On(int loop)
    {
        lock (_lock)
        {
            return _parts.TryGetValue(loop, out var part) && part.Load(home).IsReady ? part.Host! : home;
        }
    }

    /// <summary>Opens a part on a loop, unless there is one.</summary>
    /// <returns>Completes when it can serve somebody, or cannot be opened.</returns>
    public Task OpenAsync(int loop)
    {
        lock (_lock)
        {
            if (loop == home.Loop)
            {
                return Task.CompletedTask;
            }

            if (!_parts.TryGetValue(loop, out var part) || part is { Host.Ended.IsCompleted: true })
            {
                _parts[loop] = part = new Part(loop);
                part.Ready = Task.Run(() => OpenAsync(part));
            }

            return part.Ready;
        }
    }

    /// <summary>Closes the parts in which nobody has been for some time.</summary>
    public async Task CloseEmptyAsync()
    {
        foreach (var (part, host) in Empty())
        {
            try
            {
                // Somebody may just be coming in: on its loop that is certain.
                var closed = await host.InvokeAsync((core, now) =>
                {
                    if (core.Figures.ParticipantCount == 0)
                    {
                        core.End(DisconnectReason.RoomClosed, RoomEndReason.RoomEndIdleTimeout, now);
                    }

                    return core.Ended;
                });
                if (closed)
                {
                    LogClosed(home.Name, part.Loop);
                }
            }
            catch (InvalidOperationException)
            {
                // Its loop has stopped, and it with that.
            }
            finally
            {
                part.IsClosing = false;
            }
        }
    }

    private (Part Part, RoomHost Host)[] Empty()
    {
        lock (_lock)
        {
            // One whose loop does not answer is not asked again before it has.
            var empty = _parts.Values.Where(part => part is { Host: not null, IsClosing: false } && PartPlanner.Closes(part.EmptyFor(time))).ToArray();
            foreach (var part in empty)
            {
                part.IsClosing = true;
            }

            return [.. empty.Select(part => (part, part.Host!))];
        }
    }

    private async Task OpenAsync(Part part)
    {
        try
        {
            if (await rooms.OpenPartAsync(home, part.Loop) is not { } host)
            {
                Forget(part);
                return;
            }

            LogOpened(home.Name, part.Loop, home.People);
            var link = new PartLink(home, host, time, faults, logger);
            lock (_lock)
            {
                (part.Host, part.Link) = (host, link);
            }

            _ = host.Ended.ContinueWith(_ => Forget(part), TaskScheduler.Default);
            await Task.WhenAny(link.Complete, host.Ended);
        }
        catch (InvalidOperationException)
        {
            // A loop has stopped, and the process with it.
            Forget(part);
        }
        catch (Exception error)
        {
            faults.Count("part_open", error);
            Forget(part);
        }
    }

    private void Forget(Part part)
    {
        lock (_lock)
        {
            if (_parts.TryGetValue(part.Loop, out var known) && known == part)
            {
                _parts.Remove(part.Loop);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Room {Room} has a further part on loop {Loop}: its own serves {Participants} participants")]
    private partial void LogOpened(string room, int loop, int participants);

    [LoggerMessage(Level = LogLevel.Information, Message = "The part of room {Room} on loop {Loop} is closed: nobody is in it")]
    private partial void LogClosed(string room, int loop);

    private sealed class Part(int loop)
    {
        private long? _emptySince;

        public int Loop => loop;

        public RoomHost? Host { get; set; }

        public PartLink? Link { get; set; }

        public Task Ready { get; set; } = Task.CompletedTask;

        /// <summary>It is being asked whether it can end.</summary>
        public bool IsClosing { get; set; }

        public PartLoad Load(RoomHost home) =>
            new(loop, Host?.People ?? 0, Host is not null && Link is { IsComplete: true } && home.Parts.Contains(Host));

        /// <summary>For how long nobody was there whenever this was asked.</summary>
        public TimeSpan EmptyFor(TimeProvider time)
        {
            _emptySince = Host is { People: 0 } ? _emptySince ?? time.GetTimestamp() : null;
            return _emptySince is { } since ? time.GetElapsedTime(since) : TimeSpan.Zero;
        }
    }
}
