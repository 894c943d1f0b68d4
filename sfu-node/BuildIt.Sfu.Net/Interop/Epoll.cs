using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using BuildIt.Sfu.Net.Memory;

namespace BuildIt.Sfu.Net.Interop;

/// <summary>Something with a descriptor in a loop's epoll set.</summary>
internal interface IEpollTarget
{
    /// <summary>Called on the loop when the descriptor is ready. <paramref name="events"/> are epoll's bits.</summary>
    void OnReady(uint events);
}

/// <summary>One epoll set. Level-triggered, so that a target may leave work for the next iteration. One thread.</summary>
internal sealed unsafe class Epoll : IDisposable
{
    private const int MaxEvents = 128;

    // struct epoll_event is packed (12 bytes) on x86-64 only; elsewhere its 64-bit data is aligned.
    private static readonly bool Packed = RuntimeInformation.ProcessArchitecture == Architecture.X64;
    private static readonly int EventSize = Packed ? 12 : 16;
    private static readonly int DataOffset = Packed ? 4 : 8;

    private readonly int _descriptor;
    private readonly NativeBlock _events = new(MaxEvents * 16);
    private readonly List<IEpollTarget?> _targets = [];
    private readonly Stack<int> _free = new();
    private bool _fineTimeout = true;

    public Epoll()
    {
        _descriptor = Linux.EpollCreate(Linux.SocketCloseOnExec);
        if (_descriptor < 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError(), "epoll_create1 failed");
        }
    }

    /// <summary>Adds a descriptor; the returned token names it in <see cref="Modify"/> and <see cref="Remove"/>.</summary>
    public int Add(int descriptor, uint events, IEpollTarget target)
    {
        if (!_free.TryPop(out int token))
        {
            token = _targets.Count;
            _targets.Add(null);
        }

        _targets[token] = target;
        Control(Linux.EpollAdd, descriptor, events, token);
        return token;
    }

    public void Modify(int descriptor, uint events, int token) => Control(Linux.EpollModify, descriptor, events, token);

    public void Remove(int descriptor, int token)
    {
        Control(Linux.EpollDelete, descriptor, 0, token);
        _targets[token] = null;
        _free.Push(token);
    }

    /// <summary>
    /// Waits and calls every ready target. A target removed by an earlier one of the same round is not called; a token
    /// reused in the same round may be called once without being ready, which non-blocking targets bear.
    /// </summary>
    /// <param name="timeoutMicroseconds">0 polls, negative waits for ever.</param>
    /// <param name="woken">Called once between the waiting and the first target.</param>
    public void Wait(long timeoutMicroseconds, Action woken)
    {
        int count = WaitForEvents(timeoutMicroseconds);
        woken();
        byte* entry = _events.Pointer;
        for (int i = 0; i < count; i++, entry += EventSize)
        {
            uint events = Unsafe.ReadUnaligned<uint>(entry);
            int token = (int)Unsafe.ReadUnaligned<ulong>(entry + DataOffset);
            _targets[token]?.OnReady(events);
        }
    }

    public void Dispose()
    {
        _ = Linux.Close(_descriptor);
        _events.Dispose();
    }

    private int WaitForEvents(long timeoutMicroseconds)
    {
        if (_fineTimeout)
        {
            try
            {
                TimeSpec timeout = new() { Seconds = timeoutMicroseconds / 1_000_000, Nanoseconds = timeoutMicroseconds % 1_000_000 * 1000 };
                int count = Linux.EpollWait2(_descriptor, _events.Pointer, MaxEvents, timeoutMicroseconds < 0 ? null : &timeout, null);
                if (count >= 0)
                {
                    return count;
                }

                int error = Marshal.GetLastPInvokeError();
                if (error is not (Linux.ErrorNoSystemCall or Linux.ErrorPermission))
                {
                    return CheckInterrupted(error);
                }
            }
            catch (EntryPointNotFoundException)
            {
                // An older C library; the coarse call below exists everywhere.
            }

            _fineTimeout = false;
        }

        int milliseconds = timeoutMicroseconds < 0 ? -1 : (int)Math.Min(int.MaxValue, (timeoutMicroseconds + 999) / 1000);
        int ready = Linux.EpollWait(_descriptor, _events.Pointer, MaxEvents, milliseconds);
        return ready >= 0 ? ready : CheckInterrupted(Marshal.GetLastPInvokeError());
    }

    private static int CheckInterrupted(int error) =>
        error == Linux.ErrorInterrupted ? 0 : throw new Win32Exception(error, "epoll_wait failed");

    private void Control(int operation, int descriptor, uint events, int token)
    {
        byte* entry = stackalloc byte[16];
        Unsafe.WriteUnaligned(entry, events);
        Unsafe.WriteUnaligned(entry + DataOffset, (ulong)token);
        if (Linux.EpollControl(_descriptor, operation, descriptor, entry) != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError(), "epoll_ctl failed");
        }
    }
}
