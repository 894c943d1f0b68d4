namespace BuildIt.Sfu.Node.Load;

/// <summary>Share of processor and memory in use.</summary>
/// <param name="Cpu">0 to 1 of what the container (or machine) may use, averaged over the last moments.</param>
/// <param name="Memory">0 to 1 of what the container (or machine) may use.</param>
public readonly record struct ResourceUsage(double Cpu, double Memory);

/// <summary>
/// Measures processor and memory: of the container when there is a cgroup with a limit, else of this process against the
/// machine. Call <see cref="Sample"/> every second or so. Not thread-safe.
/// </summary>
public sealed class ResourceMeter(CgroupReader cgroup, TimeProvider time)
{
    /// <summary>
    /// Memory of the average. A node that starts is busy with itself for a second or two; taken as it is, that would be load, and
    /// make the fleet start yet another.
    /// </summary>
    private static readonly TimeSpan Averaging = TimeSpan.FromSeconds(15);

    private double _cpu;
    private long _lastAt = time.GetTimestamp();
    private TimeSpan _lastCpu = CpuTime(cgroup);

    public ResourceUsage Sample()
    {
        var at = time.GetTimestamp();
        var cpu = CpuTime(cgroup);
        var elapsed = time.GetElapsedTime(_lastAt, at);
        var cores = cgroup.CpuLimit() ?? Environment.ProcessorCount;
        if (elapsed > TimeSpan.Zero)
        {
            var used = Math.Clamp((cpu - _lastCpu) / elapsed / cores, 0, 1);
            _cpu += (used - _cpu) * (1 - Math.Exp(-elapsed / Averaging));
        }

        (_lastAt, _lastCpu) = (at, cpu);

        var limit = cgroup.MemoryLimit();
        var memoryUsed = limit is null ? Environment.WorkingSet : cgroup.MemoryUsed() ?? Environment.WorkingSet;
        var memoryAllowed = limit ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        return new ResourceUsage(_cpu, Math.Clamp((double)memoryUsed / memoryAllowed, 0, 1));
    }

    /// <summary>The container's processor time only counts when the container is limited; otherwise it is the whole machine's.</summary>
    private static TimeSpan CpuTime(CgroupReader cgroup) =>
        (cgroup.CpuLimit() is null ? null : cgroup.CpuUsed()) ?? Environment.CpuUsage.TotalTime;
}
