using System.Runtime.InteropServices;

namespace BuildIt.Sfu.Net.Interop;

// Layouts of Linux on 64-bit machines (x86-64 and arm64 share them, except for epoll_event).

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct IoVector
{
    public byte* Base;
    public nuint Length;
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct MessageHeader
{
    public void* Name;
    public uint NameLength;
    public IoVector* Vectors;
    public nuint VectorCount;
    public void* Control;
    public nuint ControlLength;
    public int Flags;
}

[StructLayout(LayoutKind.Sequential)]
internal struct MultiMessageHeader
{
    public MessageHeader Header;
    public uint Length;
}

[StructLayout(LayoutKind.Sequential)]
internal struct ControlHeader
{
    public nuint Length;
    public int Level;
    public int Type;
}

/// <summary>sockaddr_in6, or a sockaddr_in in its first 16 bytes when the socket is IPv4 only.</summary>
[StructLayout(LayoutKind.Explicit, Size = 28)]
internal struct SocketAddressStorage
{
    [FieldOffset(0)]
    public ushort Family;

    /// <summary>Network order.</summary>
    [FieldOffset(2)]
    public ushort Port;

    /// <summary>sockaddr_in: the address in network order.</summary>
    [FieldOffset(4)]
    public uint Address4;

    [FieldOffset(8)]
    public ulong High;

    [FieldOffset(16)]
    public ulong Low;

    [FieldOffset(24)]
    public uint ScopeId;
}

[StructLayout(LayoutKind.Sequential)]
internal struct TimeSpec
{
    public long Seconds;
    public long Nanoseconds;
}
