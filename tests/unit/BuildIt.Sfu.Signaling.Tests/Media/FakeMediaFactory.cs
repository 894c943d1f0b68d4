using System.Collections.Concurrent;
using System.Diagnostics;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Signaling.Rooms;

namespace BuildIt.Sfu.Signaling.Tests.Media;

/// <summary>A real thread with a real clock under rooms whose media is only remembered.</summary>
internal sealed class FakeMediaFactory : IMediaRoomFactory, IRoomLoop, IDisposable
{
    private readonly BlockingCollection<Action<Instant>> _work = [];
    private readonly HashSet<IDeadline> _scheduled = [];
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly Thread _thread;

    public FakeMediaFactory()
    {
        _thread = new Thread(Run) { IsBackground = true, Name = "room loop" };
        _thread.Start();
    }

    public ConcurrentDictionary<string, FakeMediaRoom> Rooms { get; } = [];

    private Instant Now => new((long)Stopwatch.GetElapsedTime(_start).TotalMicroseconds);

    public int Index => 0;

    public IRoomLoop ChooseLoop() => this;

    public IRoomLoop TakeLoop(int index) => this;

    public IMediaRoom Create(IRoomLoop loop, IMediaRoomEvents events) => Rooms[((RoomCore)events).Sid.Value] = new FakeMediaRoom();

    public bool Post(Action<Instant> work) => !_work.IsAddingCompleted && _work.TryAdd(work);

    public void Schedule(IDeadline deadline) => _scheduled.Add(deadline);

    public void Unschedule(IDeadline deadline) => _scheduled.Remove(deadline);

    public void Dispose()
    {
        _work.CompleteAdding();
        _thread.Join();
        _work.Dispose();
    }

    private void Run()
    {
        while (!_work.IsCompleted)
        {
            if (_work.TryTake(out var work, 10))
            {
                work(Now);
            }

            foreach (var due in _scheduled.Where(w => w.NextDeadline <= Now).ToArray())
            {
                due.HandleTimeout(Now);
            }
        }
    }
}
