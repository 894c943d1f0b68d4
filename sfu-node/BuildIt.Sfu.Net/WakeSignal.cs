using System.ComponentModel;
using System.Runtime.InteropServices;
using BuildIt.Sfu.Net.Interop;

namespace BuildIt.Sfu.Net;

/// <summary>
/// An eventfd that wakes a loop from another thread, at the price of a system call only when the loop really sleeps.
/// </summary>
internal sealed unsafe class WakeSignal : IEpollTarget, IDisposable
{
    private readonly Epoll _epoll;
    private readonly int _descriptor;
    private readonly int _token;
    private int _asleep;

    public WakeSignal(Epoll epoll)
    {
        _epoll = epoll;
        _descriptor = Linux.EventDescriptor(0, Linux.SocketNonBlocking | Linux.SocketCloseOnExec);
        if (_descriptor < 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError(), "eventfd failed");
        }

        _token = epoll.Add(_descriptor, Linux.EpollIn, this);
    }

    /// <summary>
    /// Announces the sleep. The loop must look at its queues once more afterwards: what was queued before the
    /// announcement was not signalled.
    /// </summary>
    public void PrepareToSleep() => Interlocked.Exchange(ref _asleep, 1);

    public void Awake() => Volatile.Write(ref _asleep, 0);

    /// <summary>Call after queueing. Any thread.</summary>
    public void Signal()
    {
        if (Interlocked.Exchange(ref _asleep, 0) == 1)
        {
            ulong one = 1;
            _ = Linux.Write(_descriptor, &one, sizeof(ulong));
        }
    }

    public void OnReady(uint events)
    {
        ulong count;
        _ = Linux.Read(_descriptor, &count, sizeof(ulong));
    }

    public void Dispose()
    {
        _epoll.Remove(_descriptor, _token);
        _ = Linux.Close(_descriptor);
    }
}
