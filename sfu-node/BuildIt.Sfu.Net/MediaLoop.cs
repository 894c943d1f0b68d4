using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Net;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Net.Interop;
using BuildIt.Sfu.Net.Memory;
using BuildIt.Sfu.Net.Routing;
using BuildIt.Sfu.Net.Statistics;
using BuildIt.Sfu.Net.Tcp;
using BuildIt.Sfu.Net.Timing;
using BuildIt.Sfu.Net.Udp;

namespace BuildIt.Sfu.Net;

/// <summary>
/// One thread with one epoll set, one socket on the shared port and the rooms that live on it. An iteration takes
/// the time once (<see cref="Now"/>), runs what was posted, what arrived and what fell due, and sends what all that produced.
/// Members are for the loop's own thread unless they say otherwise.
/// </summary>
public sealed partial class MediaLoop : IRoomLoop, IUdpSocketOwner, ITcpOwner
{
    // Bounds on one kind of work per iteration, so that a flood of it cannot starve the others.
    private const int CommandsPerIteration = 256;
    private const int HandOversPerIteration = 512;
    private const int ReceivesPerTurn = 4;

    /// <summary>How old the processor time that is read of a loop may be.</summary>
    private static readonly TimeSpan ReadingInterval = TimeSpan.FromMilliseconds(100);

    private readonly MediaNetwork _network;
    private readonly Epoll _epoll = new();
    private readonly WakeSignal _wake;
    private readonly ConcurrentQueue<Command> _commands = new();
    private readonly HandOverQueue _inbox;
    private readonly ReceiveBatch _received = new();
    private readonly DeadlineQueue _deadlines = new();
    private readonly List<IDisposable> _garbage = [];
    private readonly Action _woken;
    private readonly Action<Exception> _fault;
    private readonly UdpSocket _socket;
    private readonly Thread _thread;
    private readonly Gathering _gathering;
    private Instant _nextReading;
    private bool _cutShort;
    private volatile bool _stopping;

    internal MediaLoop(MediaNetwork network, int index, IPEndPoint local)
    {
        _network = network;
        Index = index;
        Options = network.Options;
        Now = MonotonicClock.Read();
        _woken = () => Woken();
        _fault = ReportFault;
        _wake = new WakeSignal(_epoll);
        _gathering = new Gathering(Options.GatherWindow, Options.GatherAboveRate);
        _inbox = new HandOverQueue(Options.HandOverCapacity);
        Sink = new DatagramSink(Counters, Options.SendArenaBytes, Options.MaxPendingDatagrams);
        Connections = new TcpConnections(this, _epoll, network.TcpLimits);
        _handedTo = new bool[Options.LoopCount];
        _transactions = new TransactionMark(network.TransactionKey);
        _socket = OpenSocket(local, shared: Options.LoopCount > 1);
        if (index == 0)
        {
            _socket.Bind();
        }

        _thread = new Thread(Run) { IsBackground = true, Name = $"media-{index}" };
    }

    /// <summary>Number of this loop in its network, from 0. Any thread.</summary>
    public int Index { get; }

    /// <summary>The time of this iteration.</summary>
    public Instant Now { get; private set; }

    /// <summary>What the loop has done so far. Any thread.</summary>
    public LoopStatistics Statistics => Counters.Snapshot();

    /// <summary>True on the loop's own thread. Any thread.</summary>
    public bool IsCurrent => Thread.CurrentThread == _thread;

    /// <summary>Whether segmentation offload is in use on the shared socket. Any thread.</summary>
    public bool UsesSegmentation => _socket.Segmentation;

    internal MediaNetworkOptions Options { get; }

    internal LoopCounters Counters { get; } = new();

    internal DatagramSink Sink { get; }

    internal TcpConnections Connections { get; }

    internal UdpSocket SharedSocket => _socket;

    internal Epoll Epoll => _epoll;

    /// <summary>Runs <paramref name="command"/> on the loop, after everything posted before. Any thread.</summary>
    /// <returns>False when the loop has stopped.</returns>
    public bool Post(Action command)
    {
        ArgumentNullException.ThrowIfNull(command);
        return Post(new Command(command, null));
    }

    /// <inheritdoc cref="Post(Action)"/>
    public bool Post(Action<Instant> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        return Post(new Command(null, work));
    }

    /// <summary>Runs <paramref name="command"/> on the loop and hands its result or exception back. Any thread.</summary>
    public Task<T> InvokeAsync<T>(Func<T> command)
    {
        ArgumentNullException.ThrowIfNull(command);
        var completion = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(() =>
        {
            try
            {
                completion.SetResult(command());
            }
            catch (Exception error)
            {
                completion.SetException(error);
            }
        });
        return completion.Task;
    }

    /// <inheritdoc cref="InvokeAsync{T}(Func{T})"/>
    public Task InvokeAsync(Action command)
    {
        ArgumentNullException.ThrowIfNull(command);
        return InvokeAsync(() =>
        {
            command();
            return true;
        });
    }

    /// <summary>A reusable timer that calls <paramref name="handler"/>.</summary>
    public LoopTimer CreateTimer(IDeadlineHandler handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return new LoopTimer(_deadlines, handler);
    }

    /// <summary>
    /// Sends what waits now instead of at the end of the iteration. For work that makes more in one go than a flush should
    /// hold back.
    /// </summary>
    public void Flush()
    {
        AssertCurrent();
        Sink.Flush();
    }

    /// <summary>An endpoint on the port all clients share.</summary>
    public MediaEndpoint CreateEndpoint(IDatagramHandler handler)
    {
        AssertCurrent();

        // Not before there is somebody here: the kernel deals all clients' datagrams out to all sockets of the port, and each that comes
        // to a loop without rooms costs waking it and handing over.
        _socket.Bind();
        return new MediaEndpoint(this, handler, _socket, ownsSocket: false);
    }

    /// <summary>An endpoint with a socket of its own, to which everything that arrives there belongs: relay links, clients.</summary>
    /// <exception cref="System.ComponentModel.Win32Exception">The address cannot be bound.</exception>
    public MediaEndpoint CreateExclusiveEndpoint(IDatagramHandler handler, IPEndPoint local)
    {
        AssertCurrent();
        UdpSocket socket = OpenSocket(local, shared: false);
        socket.Bind();
        var endpoint = new MediaEndpoint(this, handler, socket, ownsSocket: true);
        socket.Exclusive = handler;
        return endpoint;
    }

    /// <summary>An endpoint that only this process reaches, over its own address: an end of a link between two loops.</summary>
    /// <exception cref="System.ComponentModel.Win32Exception">There is no port left.</exception>
    public MediaEndpoint CreateInnerEndpoint(IDatagramHandler handler)
    {
        MediaEndpoint endpoint = CreateExclusiveEndpoint(handler, new IPEndPoint(IPAddress.Loopback, 0));
        endpoint.Socket.IsInner = true;
        return endpoint;
    }

    internal void Start() => _thread.Start();

    /// <summary>Ends the thread after what is posted and pending. Any thread but the loop's.</summary>
    internal void Stop()
    {
        _stopping = true;
        _wake.Signal();
        if ((_thread.ThreadState & System.Threading.ThreadState.Unstarted) == 0)
        {
            _thread.Join();
        }
    }

    /// <summary>Frees everything, once no loop runs any more: until then others may hand datagrams over to this one.</summary>
    internal void Release()
    {
        Connections.Dispose();
        _garbage.ForEach(item => item.Dispose());
        Sink.Dispose();
        _socket.Dispose();
        _received.Dispose();
        _transactions.Dispose();
        _inbox.Dispose();
        _wake.Dispose();
        _epoll.Dispose();
    }

    internal void CloseSocket(UdpSocket socket)
    {
        Sink.Detach(socket);
        socket.Exclusive = null;
        socket.Dispose();
    }

    private bool Post(Command command)
    {
        if (_stopping)
        {
            return false;
        }

        _commands.Enqueue(command);
        _wake.Signal();
        return true;
    }

    [Conditional("DEBUG")]
    private void AssertCurrent() => Debug.Assert(IsCurrent, "loop members belong to the loop's thread");

    private UdpSocket OpenSocket(IPEndPoint local, bool shared)
    {
        bool receiveLocal = Options.SourceSelection ?? HostAddresses.NeedSourceSelection(local.Address);
        return new UdpSocket(
            this,
            _epoll,
            local,
            new UdpSocketOptions(shared, Options.SocketBufferBytes, Options.Segmentation, Options.Coalescing, receiveLocal, Options.ArrivalTimes));
    }

    private void Run()
    {
        try
        {
            while (!_stopping)
            {
                Iterate();
            }

            RunCommands();
            Sink.Flush();
        }
        catch (Exception error)
        {
            // epoll itself failing: nothing on this loop can go on, and the process must be told.
            _network.ReportFatal(this, error);
        }
    }

    private void Iterate()
    {
        _wake.PrepareToSleep();
        _epoll.Wait(HasQueuedWork() ? 0 : TimeToWait(), _woken);
        RunHandedOver();
        RunCommands();
        _deadlines.RunDue(Now, _fault);
        // What the kernel has no room for now goes out when epoll reports room.
        Sink.Flush();
        WakeHandedTo();
        if (_garbage.Count > 0)
        {
            _garbage.ForEach(item => item.Dispose());
            _garbage.Clear();
        }

        Counters.Iterations++;
        Counters.AllocatedBytes = GC.GetAllocatedBytesForCurrentThread();
        if (Now >= _nextReading)
        {
            // A call of the kernel: not for each iteration.
            _nextReading = Now + ReadingInterval;
            Counters.WorkedMicroseconds = Linux.ThreadTime();
        }

        Rest();
    }

    /// <summary>
    /// Under load, lets things arrive and fall due for a while before it looks again. Who posts meanwhile need not wake the loop.
    /// </summary>
    private void Rest()
    {
        Instant until = _gathering.RestUntil(Now, Counters.Packets);
        if (until > Now && !_cutShort && !_stopping)
        {
            Linux.Sleep((until - MonotonicClock.Read()).Ticks / TimeSpan.TicksPerMicrosecond);
        }

        _cutShort = false;
    }

    private void Woken()
    {
        _wake.Awake();
        Now = MonotonicClock.Read();
    }

    private bool HasQueuedWork() => !_commands.IsEmpty || !_inbox.IsEmpty || _stopping;

    /// <summary>Microseconds until the next deadline; -1 for none. Looks at the clock, as the iteration took time.</summary>
    private long TimeToWait()
    {
        Instant next = _deadlines.Earliest;
        return next == Instant.Never ? -1 : Math.Max(0, next.Microseconds - MonotonicClock.Read().Microseconds);
    }

    private void RunCommands()
    {
        for (int i = 0; i < CommandsPerIteration; i++)
        {
            if (!_commands.TryDequeue(out Command command))
            {
                return;
            }

            try
            {
                command.Run(Now);
            }
            catch (Exception error)
            {
                ReportFault(error);
            }
        }

        _cutShort = true;
    }

    private void RunHandedOver()
    {
        _currentArrival = default;
        for (int i = 0; i < HandOversPerIteration; i++)
        {
            if (!_inbox.TryPeek(out Span<byte> datagram, out TransportAddress from, out LocalAddress local))
            {
                return;
            }

            Dispatch(datagram, from, local);
            _inbox.Release();
        }

        _cutShort = true;
    }

    private void ReportFault(Exception error)
    {
        Counters.HandlerFaults++;
        _network.ReportFault(this, error);
    }

    private readonly record struct Command(Action? Plain, Action<Instant>? Timed)
    {
        public void Run(Instant now)
        {
            Plain?.Invoke();
            Timed?.Invoke(now);
        }
    }
}
