using System.Globalization;

namespace BuildIt.Interop.Tests.Node;

/// <summary>What the kernel says about the node's process (proc(5)).</summary>
internal sealed class NodeProcess
{
    private readonly int _id;

    /// <param name="id">The node, or a shell that waits for it.</param>
    public NodeProcess(int id)
    {
        _id = id;
        while (File.ReadAllText($"/proc/{_id}/comm").Trim() != "dotnet"
            && File.ReadAllText($"/proc/{_id}/task/{_id}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var child, ..])
        {
            _id = int.Parse(child, CultureInfo.InvariantCulture);
        }
    }

    /// <summary>What the kernel calls the process.</summary>
    public int Id => _id;

    /// <summary>Processor time so far, and bytes of memory in use.</summary>
    public (TimeSpan Cpu, long Memory) Read()
    {
        // User and system time are fields 14 and 15, in hundredths of a second; the name before them may hold spaces.
        var stat = File.ReadAllText($"/proc/{_id}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        var ticks = long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture);
        var resident = File.ReadLines($"/proc/{_id}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        var kilobytes = long.Parse(resident.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
        return (TimeSpan.FromMilliseconds(ticks * 10), kilobytes * 1024);
    }

    /// <summary>Datagrams that found a receiving socket's buffer full, on the whole machine since it started.</summary>
    public static long FullReceiveBuffers()
    {
        var lines = File.ReadLines("/proc/net/snmp").Where(line => line.StartsWith("Udp:", StringComparison.Ordinal)).ToArray();
        var column = Array.IndexOf(lines[0].Split(' '), "RcvbufErrors");
        return long.Parse(lines[1].Split(' ')[column], CultureInfo.InvariantCulture);
    }
}
