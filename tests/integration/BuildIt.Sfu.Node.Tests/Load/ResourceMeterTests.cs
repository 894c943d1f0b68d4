using BuildIt.Sfu.Node.Load;
using Microsoft.Extensions.Time.Testing;

namespace BuildIt.Sfu.Node.Tests.Load;

public sealed class ResourceMeterTests : IDisposable
{
    private readonly CgroupFiles _files = new();
    private readonly FakeTimeProvider _time = new();
    private TimeSpan _used;

    public ResourceMeterTests()
    {
        _files.Write("cgroup.controllers", "cpu memory");
        _files.Write("cpu.max", "200000 100000\n");
        _files.Write("memory.max", "4096\n");
        _files.Write("memory.current", "1024\n");
        Use(TimeSpan.Zero);
    }

    public void Dispose() => _files.Dispose();

    [Fact]
    public void The_busy_first_seconds_of_a_node_are_no_load()
    {
        var meter = new ResourceMeter(new CgroupReader(_files.Root), _time);
        for (var second = 0; second < 3; second++)
        {
            Assert.InRange(Run(meter, cores: 2).Cpu, 0, 0.2);
        }

        Assert.Equal(0.25, Run(meter, cores: 0).Memory);
    }

    [Fact]
    public void What_lasts_is_told_in_full()
    {
        var meter = new ResourceMeter(new CgroupReader(_files.Root), _time);
        var told = Enumerable.Range(0, 60).Select(_ => Run(meter, cores: 1.6).Cpu).ToList();
        Assert.InRange(told[19], 0.55, 0.65);
        Assert.Equal(0.8, told[^1], tolerance: 0.02);
    }

    [Fact]
    public void More_than_everything_is_everything()
    {
        var meter = new ResourceMeter(new CgroupReader(_files.Root), _time);
        Assert.InRange(Enumerable.Range(0, 120).Max(_ => Run(meter, cores: 40).Cpu), 0.99, 1);
    }

    private ResourceUsage Run(ResourceMeter meter, double cores)
    {
        _time.Advance(TimeSpan.FromSeconds(1));
        Use(TimeSpan.FromSeconds(cores));
        return meter.Sample();
    }

    private void Use(TimeSpan more) => _files.Write("cpu.stat", $"usage_usec {(_used += more).TotalMicroseconds:0}\n");
}
