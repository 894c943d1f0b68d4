using BuildIt.Operator.Api;
using BuildIt.Operator.Resources.Pods;
using k8s.Models;

namespace BuildIt.Operator.Resources.Tests.Pods;

public sealed class HostPortsTests
{
    [Theory]
    [InlineData(new int[0], 30000)]
    [InlineData(new[] { 30000 }, 30001)]
    [InlineData(new[] { 30001 }, 30000)]
    [InlineData(new[] { 30000, 30001, 30002 }, 30000)]
    [InlineData(new[] { 30000, 30001, 30002, 30000 }, 30001)]
    [InlineData(new[] { 7882 }, 30000)]
    public void The_least_used_port_is_taken(int[] used, int expected)
    {
        var network = new NetworkSpec { HostPortRange = new PortRangeSpec { First = 30000, Last = 30002 } };

        Assert.Equal(expected, HostPorts.Pick(network, used.Select(Pod)));
    }

    [Fact]
    public void Without_a_range_there_is_nothing_to_choose()
    {
        Assert.Null(HostPorts.Pick(new NetworkSpec(), []));
        Assert.Null(HostPorts.Pick(
            new NetworkSpec { Mode = NetworkMode.NodePort, HostPortRange = new PortRangeSpec { First = 30000, Last = 30002 } }, []));
    }

    private static V1Pod Pod(int port) => PodBuilder.Build(
        Given.With(spec => spec with { Network = new NetworkSpec { UdpPort = port } }), new InstanceRequest("a", "r", Given.Image));
}
