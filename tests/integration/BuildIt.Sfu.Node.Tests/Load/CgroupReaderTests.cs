using BuildIt.Sfu.Node.Load;

namespace BuildIt.Sfu.Node.Tests.Load;

public sealed class CgroupReaderTests : IDisposable
{
    private readonly CgroupFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public void Version_2_files_are_read()
    {
        _files.Write("cgroup.controllers", "cpu memory");
        _files.Write("cpu.max", "150000 100000\n");
        _files.Write("cpu.stat", "usage_usec 2500000\nuser_usec 1\n");
        _files.Write("memory.max", "8589934592\n");
        _files.Write("memory.current", "1073741824\n");
        var reader = new CgroupReader(_files.Root);
        Assert.Equal(1.5, reader.CpuLimit());
        Assert.Equal(TimeSpan.FromSeconds(2.5), reader.CpuUsed());
        Assert.Equal(8L << 30, reader.MemoryLimit());
        Assert.Equal(1L << 30, reader.MemoryUsed());
    }

    [Fact]
    public void Version_1_files_are_read()
    {
        _files.Write("cpu/cpu.cfs_quota_us", "400000\n");
        _files.Write("cpu/cpu.cfs_period_us", "100000\n");
        _files.Write("cpuacct/cpuacct.usage", "3000000000\n");
        _files.Write("memory/memory.limit_in_bytes", "4294967296\n");
        _files.Write("memory/memory.usage_in_bytes", "1024\n");
        var reader = new CgroupReader(_files.Root);
        Assert.Equal(4, reader.CpuLimit());
        Assert.Equal(TimeSpan.FromSeconds(3), reader.CpuUsed());
        Assert.Equal(4L << 30, reader.MemoryLimit());
        Assert.Equal(1024, reader.MemoryUsed());
    }

    [Theory]
    [InlineData("max 100000", "max")]
    [InlineData("nonsense", "nonsense")]
    [InlineData("", "")]
    [InlineData("100000 0", "9223372036854771712")]
    public void No_limit_and_nonsense_read_as_unlimited(string cpu, string memory)
    {
        _files.Write("cgroup.controllers", "cpu memory");
        _files.Write("cpu.max", cpu);
        _files.Write("memory.max", memory);
        var reader = new CgroupReader(_files.Root);
        Assert.Null(reader.CpuLimit());
        Assert.Null(reader.MemoryLimit());
    }

    [Fact]
    public void Missing_files_read_as_unknown()
    {
        var reader = new CgroupReader(Path.Combine(_files.Root, "absent"));
        Assert.Null(reader.CpuLimit());
        Assert.Null(reader.CpuUsed());
        Assert.Null(reader.MemoryLimit());
        Assert.Null(reader.MemoryUsed());
    }
}
