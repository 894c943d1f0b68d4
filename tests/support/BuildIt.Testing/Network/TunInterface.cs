using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace BuildIt.Testing.Network;

/// <summary>
/// A network interface whose other end is this program: what the kernel sends over it is read here, what is written here it receives
/// (Linux, Documentation/networking/tuntap.rst). It may be moved to another network namespace. Needs root.
/// </summary>
internal sealed class TunInterface : IDisposable
{
    // linux/if_tun.h
    private const ulong SetInterface = 0x400454ca;
    private const short IpPacketsWithoutHeader = 0x0001 | 0x1000;
    private const int NameLength = 16;

    private readonly SafeFileHandle _handle;

    /// <param name="name">The interface's name, at most 15 characters.</param>
    /// <exception cref="IOException">The kernel refuses.</exception>
    public TunInterface(string name)
    {
        _handle = File.OpenHandle("/dev/net/tun", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);

        // struct ifreq: name, flags, padding.
        var request = new byte[40];
        Encoding.ASCII.GetBytes(name, request.AsSpan(0, NameLength - 1));
        BitConverter.TryWriteBytes(request.AsSpan(NameLength), IpPacketsWithoutHeader);
        if (Control(_handle, SetInterface, request) < 0)
        {
            var error = Marshal.GetLastPInvokeErrorMessage();
            _handle.Dispose();
            throw new IOException($"TUNSETIFF: {error}");
        }
    }

    /// <summary>Waits for the next packet.</summary>
    /// <returns>Its length.</returns>
    /// <exception cref="IOException">The interface is gone.</exception>
    public int Read(byte[] packet)
    {
        var length = Read(_handle, packet, packet.Length);
        return length > 0 ? (int)length : throw new IOException($"read: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    /// <summary>Has the kernel receive a packet; one that it refuses is lost.</summary>
    public void Write(byte[] packet) => Write(_handle, packet, packet.Length);

    public void Dispose() => _handle.Dispose();

    [DllImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Control(SafeFileHandle file, ulong request, byte[] argument);

    // RandomAccess and FileStream want files that can be sought.
    [DllImport("libc", EntryPoint = "read", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint Read(SafeFileHandle file, byte[] buffer, nint length);

    [DllImport("libc", EntryPoint = "write", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint Write(SafeFileHandle file, byte[] buffer, nint length);
}
