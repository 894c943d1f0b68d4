namespace BuildIt.Sfu.Node.Load;

/// <summary>Share of processor and memory in use.</summary>
/// <param name="Cpu">0 to 1 of what the container (or machine) may use.</param>
/// <param name="Memory">0 to 1 of what the container (or machine) may use.</param>
public readonly record struct ResourceUsage(double Cpu, double Memory);

/// <summary>
/// Measures processor and memory between two calls of <see cref="Sample"/>: of the container when there is a cgroup
/// with a limit, else of this process against the machine. Not thread-safe.
/// </summary>
public sealed class ResourceMeter(CgroupReader cgroup, TimeProvider time)
{
    private long _lastAt = time.GetTimestamp();
    private TimeSpan _lastCpu = CpuTime(cgroup);

    public ResourceUsage Sample()
    {
        var at = time.GetTimestamp();
        var cpu = CpuTime(cgroup);
        var elapsed = time.GetElapsedTime(_lastAt, at);
        var cores = cgroup.CpuLimit() ?? Environment.ProcessorCount;
        var used = elapsed > TimeSpan.Zero ? (cpu - _lastCpu) / elapsed / cores : 0;
        (_lastAt, _lastCpu) = (at, cpu);

        var limit = cgroup.MemoryLimit();
        var memoryUsed = limit is null ? Environment.WorkingSet : cgroup.MemoryUsed() ?? Environment.WorkingSet;
        var memoryAllowed = limit ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        return new ResourceUsage(Math.Clamp(used, 0, 1), Math.Clamp((double)memoryUsed / memoryAllowed, 0, 1));
    }

    /// <summary>The container's processor time only counts when the container is limited; otherwise it is the whole machine's.</summary>
    private static TimeSpan CpuTime(CgroupReader cgroup) =>
        (cgroup.CpuLimit() is null ? null : cgroup.CpuUsed()) ?? Environment.CpuUsage.TotalTime;
}
