using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using BuildIt.Sfu.TestClient.Clips;

namespace BuildIt.Interop.Tests.FrameEncryption;

/// <summary>Bytes that are known beforehand, and where they are looked for.</summary>
internal sealed class CanarySearch
{
    private const int PieceLength = 24;
    private const int ChunkLength = 4 << 20;

    private readonly List<(string Name, byte[] Bytes)> _canaries = [];

    /// <summary>Pieces of the test picture as it was encoded, of the tone, and a text.</summary>
    public CanarySearch(string text)
    {
        Add("picture", Clip.Camera[0].Frames, 40);
        Add("tone", Clip.Tone.Packets, 8);
        _canaries.Add(("message", Encoding.UTF8.GetBytes(text)));
    }

    public static IReadOnlyList<string> Kinds { get; } = ["message", "picture", "tone"];

    /// <summary>Looks for something else as well.</summary>
    public void Add(string name, byte[] bytes) => _canaries.Add((name, bytes));

    /// <summary>Which kinds are in some bytes.</summary>
    public IEnumerable<string> Find(ReadOnlySpan<byte> bytes)
    {
        var found = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var (name, canary) in _canaries)
        {
            if (!found.Contains(name) && bytes.IndexOf(canary) >= 0)
            {
                found.Add(name);
            }
        }

        return found;
    }

    /// <summary>Which kinds are in the memory of a process (proc(5): /proc/PID/mem), and how many bytes of it were read.</summary>
    public (IReadOnlyCollection<string> Found, long Bytes) FindInMemory(int process)
    {
        var found = new SortedSet<string>(StringComparer.Ordinal);
        var read = 0L;
        var buffer = new byte[ChunkLength];
        var overlap = _canaries.Max(canary => canary.Bytes.Length) - 1;
        using var memory = new FileStream($"/proc/{process}/mem", FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        foreach (var line in File.ReadAllLines($"/proc/{process}/maps"))
        {
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields[1][0] != 'r' || line.EndsWith("[vvar]", StringComparison.Ordinal) || line.EndsWith("[vsyscall]", StringComparison.Ordinal))
            {
                continue;
            }

            var ends = fields[0].Split('-');
            var (start, end) = (long.Parse(ends[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture), long.Parse(ends[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture));
            for (var at = start; at < end; at += ChunkLength - overlap)
            {
                var length = ReadAt(memory, at, buffer.AsSpan(0, (int)Math.Min(ChunkLength, end - at)));
                read += length;
                found.UnionWith(Find(buffer.AsSpan(0, length)));
            }
        }

        return (found, read);
    }

    // What was mapped a moment ago may be gone.
    private static int ReadAt(FileStream memory, long at, Span<byte> buffer)
    {
        try
        {
            memory.Position = at;
            return memory.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private void Add(string name, IReadOnlyList<ReadOnlyMemory<byte>> frames, int offset)
    {
        // Pieces of many different bytes: what is all zeros would be found anywhere.
        var pieces = frames
            .Where(frame => frame.Length >= offset + PieceLength)
            .Select(frame => frame.Slice(offset, PieceLength).ToArray())
            .Where(piece => piece.Distinct().Count() > PieceLength / 2)
            .ToArray();
        Assert.True(pieces.Length >= 10, $"too few pieces of the {name}");
        _canaries.AddRange(pieces.Where((_, index) => index % (pieces.Length / 10) == 0).Select(piece => (name, piece)));
    }
}

/// <summary>All that goes to and comes from some ports while it is open, as a capture on the loopback device would have it.</summary>
internal sealed class LoopbackCapture : IAsyncDisposable
{
    private const int Limit = 64 << 20;

    private readonly HashSet<int> _ports;
    private readonly Socket[] _sockets;
    private readonly Task[] _reading;
    private readonly MemoryStream _bytes = new();

    /// <exception cref="SocketException">This process is not root.</exception>
    public LoopbackCapture(params IEnumerable<int> ports)
    {
        _ports = [.. ports];
        _sockets = [Open(ProtocolType.Udp), Open(ProtocolType.Tcp)];
        _reading = [.. _sockets.Select(socket => Task.Run(() => ReadAsync(socket)))];
    }

    public byte[] ToArray()
    {
        lock (_bytes)
        {
            return _bytes.ToArray();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var socket in _sockets)
        {
            socket.Dispose();
        }

        await Task.WhenAll(_reading);
        await _bytes.DisposeAsync();
    }

    private static Socket Open(ProtocolType protocol)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Raw, protocol) { ReceiveBufferSize = 8 << 20 };
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }

    // RFC 791 section 3.1: the header's length in words; the ports come first after it in UDP and in TCP.
    private bool IsWanted(ReadOnlySpan<byte> packet) =>
        packet.Length >= 24 && packet[((packet[0] & 0xF) * 4)..] is { Length: >= 4 } ports
        && (_ports.Contains(BinaryPrimitives.ReadUInt16BigEndian(ports)) || _ports.Contains(BinaryPrimitives.ReadUInt16BigEndian(ports[2..])));

    private async Task ReadAsync(Socket socket)
    {
        var packet = new byte[ushort.MaxValue];
        try
        {
            while (true)
            {
                var length = await socket.ReceiveAsync(packet);
                if (!IsWanted(packet.AsSpan(0, length)))
                {
                    continue;
                }

                lock (_bytes)
                {
                    if (_bytes.Length < Limit)
                    {
                        _bytes.Write(packet, 0, length);
                    }
                }
            }
        }
        catch (Exception closed) when (closed is ObjectDisposedException or SocketException)
        {
            // Disposed.
        }
    }
}
