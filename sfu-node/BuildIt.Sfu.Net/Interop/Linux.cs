using System.Runtime.InteropServices;

namespace BuildIt.Sfu.Net.Interop;

/// <summary>The few system calls the packet path needs and the base library has not, or has only with allocations.</summary>
internal static unsafe partial class Linux
{
    public const int AddressFamilyIPv4 = 2;
    public const int AddressFamilyIPv6 = 10;
    public const int SocketStream = 1;
    public const int SocketDatagram = 2;
    public const int SocketNonBlocking = 0x800;
    public const int SocketCloseOnExec = 0x80000;

    public const int LevelSocket = 1;
    public const int LevelIP = 0;
    public const int LevelTcp = 6;
    public const int LevelUdp = 17;
    public const int LevelIPv6 = 41;

    public const int SoReuseAddress = 2;
    public const int SoSendBuffer = 7;
    public const int SoReceiveBuffer = 8;
    public const int SoReusePort = 15;
    public const int SoSendBufferForce = 32;
    public const int SoReceiveBufferForce = 33;
    public const int SoTimestampNanoseconds = 35;
    public const int TcpNoDelay = 1;
    public const int IpPacketInfo = 8;
    public const int IPv6Only = 26;
    public const int IPv6ReceivePacketInfo = 49;
    public const int IPv6PacketInfo = 50;
    public const int UdpSegment = 103;
    public const int UdpGro = 104;

    public const int MessageTruncated = 0x20;
    public const int MessageDontWait = 0x40;
    public const int MessageNoSignal = 0x4000;

    public const uint EpollIn = 0x1;
    public const uint EpollOut = 0x4;
    public const uint EpollError = 0x8;
    public const int EpollAdd = 1;
    public const int EpollDelete = 2;
    public const int EpollModify = 3;

    public const int ErrorPermission = 1;
    public const int ErrorInterrupted = 4;
    public const int ErrorIO = 5;
    public const int ErrorAgain = 11;
    public const int ErrorInvalid = 22;
    public const int ErrorNoSystemCall = 38;
    public const int ErrorNoMemory = 12;
    public const int ErrorSystemFilesUsedUp = 23;
    public const int ErrorFilesUsedUp = 24;
    public const int ErrorNoBuffers = 105;
    public const int ErrorMessageSize = 90;
    public const int ErrorNoProtocolOption = 92;
    public const int ErrorNotSupported = 95;

    private const int ClockMonotonic = 1;
    private const int ClockThread = 3;

    private const string Library = "libc";

    [LibraryImport(Library, EntryPoint = "socket", SetLastError = true)]
    public static partial int Socket(int family, int type, int protocol);

    [LibraryImport(Library, EntryPoint = "bind", SetLastError = true)]
    public static partial int Bind(int socket, SocketAddressStorage* address, uint length);

    [LibraryImport(Library, EntryPoint = "listen", SetLastError = true)]
    public static partial int Listen(int socket, int backlog);

    [LibraryImport(Library, EntryPoint = "accept4", SetLastError = true)]
    public static partial int Accept(int socket, SocketAddressStorage* address, uint* length, int flags);

    [LibraryImport(Library, EntryPoint = "getsockname", SetLastError = true)]
    public static partial int GetSocketName(int socket, SocketAddressStorage* address, uint* length);

    [LibraryImport(Library, EntryPoint = "setsockopt", SetLastError = true)]
    public static partial int SetSocketOption(int socket, int level, int name, void* value, uint length);

    [LibraryImport(Library, EntryPoint = "sendmmsg", SetLastError = true)]
    public static partial int SendMessages(int socket, MultiMessageHeader* messages, uint count, int flags);

    [LibraryImport(Library, EntryPoint = "recvmmsg", SetLastError = true)]
    public static partial int ReceiveMessages(int socket, MultiMessageHeader* messages, uint count, int flags, TimeSpec* timeout);

    [LibraryImport(Library, EntryPoint = "send", SetLastError = true)]
    public static partial nint Send(int socket, byte* data, nuint length, int flags);

    [LibraryImport(Library, EntryPoint = "recv", SetLastError = true)]
    public static partial nint Receive(int socket, byte* data, nuint length, int flags);

    [LibraryImport(Library, EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(int descriptor, void* data, nuint length);

    [LibraryImport(Library, EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(int descriptor, void* data, nuint length);

    [LibraryImport(Library, EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int descriptor);

    [LibraryImport(Library, EntryPoint = "eventfd", SetLastError = true)]
    public static partial int EventDescriptor(uint initial, int flags);

    [LibraryImport(Library, EntryPoint = "epoll_create1", SetLastError = true)]
    public static partial int EpollCreate(int flags);

    [LibraryImport(Library, EntryPoint = "epoll_ctl", SetLastError = true)]
    public static partial int EpollControl(int epoll, int operation, int descriptor, byte* epollEvent);

    [LibraryImport(Library, EntryPoint = "epoll_wait", SetLastError = true)]
    public static partial int EpollWait(int epoll, byte* events, int capacity, int timeoutMilliseconds);

    /// <summary>Linux 5.11, glibc 2.35: a timeout finer than a millisecond.</summary>
    [LibraryImport(Library, EntryPoint = "epoll_pwait2", SetLastError = true)]
    public static partial int EpollWait2(int epoll, byte* events, int capacity, TimeSpec* timeout, void* signals);

    [LibraryImport(Library, EntryPoint = "clock_nanosleep")]
    private static partial int ClockSleep(int clock, int flags, TimeSpec* time, TimeSpec* left);

    /// <summary>Sleeps that long, or shorter when a signal comes.</summary>
    public static void Sleep(long microseconds)
    {
        if (microseconds > 0)
        {
            TimeSpec time = new() { Seconds = microseconds / 1_000_000, Nanoseconds = microseconds % 1_000_000 * 1000 };
            _ = ClockSleep(ClockMonotonic, 0, &time, null);
        }
    }

    [LibraryImport(Library, EntryPoint = "clock_gettime")]
    private static partial int ClockTime(int clock, TimeSpec* time);

    /// <summary>Processor time that the calling thread has used, in microseconds.</summary>
    public static long ThreadTime()
    {
        TimeSpec time = default;
        _ = ClockTime(ClockThread, &time);
        return time.Seconds * 1_000_000 + time.Nanoseconds / 1000;
    }

    public static bool TrySetOption(int socket, int level, int name, int value) =>
        SetSocketOption(socket, level, name, &value, sizeof(int)) == 0;
}
