using BuildIt.Sfu.Node.Load;

namespace BuildIt.Sfu.Node.Tests.Load;

public sealed class CgroupReaderTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("cgroup").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Version_2_files_are_read()
    {
        Write("cgroup.controllers", "cpu memory");
        Write("cpu.max", "150000 100000\n");
        Write("cpu.stat", "usage_usec 2500000\nuser_usec 1\n");
        Write("memory.max", "8589934592\n");
        Write("memory.current", "1073741824\n");
        var reader = new CgroupReader(_root);
        Assert.Equal(1.5, reader.CpuLimit());
        Assert.Equal(TimeSpan.FromSeconds(2.5), reader.CpuUsed());
        Assert.Equal(8L << 30, reader.MemoryLimit());
        Assert.Equal(1L << 30, reader.MemoryUsed());
    }

    [Fact]
    public void Version_1_files_are_read()
    {
        Write("cpu/cpu.cfs_quota_us", "400000\n");
        Write("cpu/cpu.cfs_period_us", "100000\n");
        Write("cpuacct/cpuacct.usage", "3000000000\n");
        Write("memory/memory.limit_in_bytes", "4294967296\n");
        Write("memory/memory.usage_in_bytes", "1024\n");
        var reader = new CgroupReader(_root);
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
        Write("cgroup.controllers", "cpu memory");
        Write("cpu.max", cpu);
        Write("memory.max", memory);
        var reader = new CgroupReader(_root);
        Assert.Null(reader.CpuLimit());
        Assert.Null(reader.MemoryLimit());
    }

    [Fact]
    public void Missing_files_read_as_unknown()
    {
        var reader = new CgroupReader(Path.Combine(_root, "absent"));
        Assert.Null(reader.CpuLimit());
        Assert.Null(reader.CpuUsed());
        Assert.Null(reader.MemoryLimit());
        Assert.Null(reader.MemoryUsed());
    }

    private void Write(string file, string text)
    {
        var path = Path.Combine(_root, "sys/fs/cgroup", file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
