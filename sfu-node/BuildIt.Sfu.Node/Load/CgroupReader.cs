using System.Globalization;

namespace BuildIt.Sfu.Node.Load;

/// <summary>
/// Limits and usage of the container this process runs in, from cgroup v2 or v1 files.
/// Every reading is null where the kernel does not tell, so that the caller falls back to the whole machine.
/// </summary>
/// <param name="root">Where the file systems are mounted; <c>/</c> outside of tests.</param>
public sealed class CgroupReader(string root = "/")
{
    /// <summary>From cgroup v1 an absent memory limit reads as almost 2^63; anything this large means none.</summary>
    private const long NoLimit = 1L << 60;

    private readonly string _v2 = Path.Combine(root, "sys/fs/cgroup");

    private bool IsV2 => File.Exists(Path.Combine(_v2, "cgroup.controllers"));

    /// <summary>Processor time allowed, in cores; null when unlimited.</summary>
    public double? CpuLimit()
    {
        if (IsV2)
        {
            // "quota period" in microseconds, or "max period" (Documentation/admin-guide/cgroup-v2.rst, cpu.max).
            var fields = ReadText("cpu.max")?.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            return fields is [var quota, var period] && TryNumber(quota, out var q) && TryNumber(period, out var p) && p > 0 ? (double)q / p : null;
        }

        return ReadNumber("cpu/cpu.cfs_quota_us") is > 0 and var v1Quota && ReadNumber("cpu/cpu.cfs_period_us") is > 0 and var v1Period
            ? (double)v1Quota / v1Period
            : null;
    }

    /// <summary>Processor time used since the container started.</summary>
    public TimeSpan? CpuUsed()
    {
        if (!IsV2)
        {
            return ReadNumber("cpuacct/cpuacct.usage") is { } nanoseconds ? TimeSpan.FromMicroseconds(nanoseconds / 1000) : null;
        }

        foreach (var line in ReadText("cpu.stat")?.Split('\n') ?? [])
        {
            if (line.StartsWith("usage_usec ", StringComparison.Ordinal) && TryNumber(line["usage_usec ".Length..], out var microseconds))
            {
                return TimeSpan.FromMicroseconds(microseconds);
            }
        }

        return null;
    }

    /// <summary>Memory allowed, in bytes; null when unlimited.</summary>
    public long? MemoryLimit() => ReadNumber(IsV2 ? "memory.max" : "memory/memory.limit_in_bytes") is { } limit && limit < NoLimit ? limit : null;

    /// <summary>Memory used, in bytes, page cache that can be dropped included.</summary>
    public long? MemoryUsed() => ReadNumber(IsV2 ? "memory.current" : "memory/memory.usage_in_bytes");

    private long? ReadNumber(string file) => TryNumber(ReadText(file), out var value) ? value : null;

    private string? ReadText(string file)
    {
        try
        {
            return File.ReadAllText(Path.Combine(_v2, file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static bool TryNumber(string? text, out long value) =>
        long.TryParse(text.AsSpan().Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out value);
}
