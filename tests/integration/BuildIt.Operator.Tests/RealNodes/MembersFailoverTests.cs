using System.Net;
using BuildIt.Operator.Tests.Harness;
using BuildIt.Testing.Conferences.Browsers;
using BuildIt.Testing.Conferences.Rooms;
using BuildIt.Testing.Network;
using Xunit.Abstractions;

namespace BuildIt.Operator.Tests.RealNodes;

/// <summary>
/// A call of the real conference client, keys by MLS, outlives the node that serves it, over a real API server, operator, room API and
/// nodes: the members are back with the group they had and without a reload, and the group goes on to take newcomers.
/// </summary>
[Collection(RealNodeCollection.Name)]
public sealed class MembersFailoverTests(OperatorFixture fixture, ITestOutputHelper output)
{
    private static readonly string[] Names = ["Ada", "Grace", "Edsger"];
    private static readonly string[] Newcomers = ["Barbara", "Radia"];
    private static readonly TimeSpan JoinPatience = TimeSpan.FromSeconds(90);

    /// <summary>What has to hold on any machine, however busy; what it took is printed.</summary>
    private static readonly TimeSpan ReturnPatience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Members_are_back_with_their_keys_after_the_node_is_killed_and_newcomers_get_in()
    {
        var folder = Directory.CreateTempSubdirectory("buildit-examples-");
        try
        {
            await ExamplePages.BuildAsync(folder.FullName);
            await CallAsync(folder.FullName);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private async Task CallAsync(string examples)
    {
        await using var pages = await PageServer.StartAsync(pages: examples);
        RealWorld? fleet = null;
        await using var front = new RoundRobin(() => [.. fleet!.Nodes.Where(node => node.ExitCode is null).Select(node => new IPEndPoint(IPAddress.Parse(node.Ip), node.Signal.Port))]);
        await using var control = new ControlPlane { Url = pages.Url, Endpoint = $"ws://127.0.0.1:{front.Port}" };
        await using var world = await RealWorld.CreateAsync(fixture, real: 2, start: (made, redis) => control.StartAsync(made, fixture.Cluster, redis));
        fleet = world;
        pages.Api = control.Applications;
        await using var call = new GroupCall(pages);
        foreach (var name in Names)
        {
            await call.EnterAsync(name, JoinPatience);
        }

        await call.MediaFlowsAsync(JoinPatience);
        var generation = 0;
        foreach (var newcomer in Newcomers)
        {
            generation++;
            await Eventually.TrueAsync(async () => (await world.Fleet.StatusAsync()).ReadyReplicas == 2, "two nodes are ready", world.DescribeAsync);
            var told = await call.OutliveAsync(KillAsync, newcomer, JoinPatience, ReturnPatience);
            output.WriteLine(told.ToString());
            Assert.Equal(told.Before.Roster, told.After.Roster);
            if (told.IsSameGroup)
            {
                Assert.Equal((told.Before.Epoch, told.Before.SafetyNumber), (told.After.Epoch, told.After.SafetyNumber));
            }

            Assert.True(told.IsUndisturbed);
            Assert.True(told.Grown.Epoch > told.After.Epoch);
            Assert.NotEqual(told.Victim, (await OwnerAsync(generation + 1)).Name);
        }

        async Task<NodeProcess> OwnerAsync(int least) => world.OwnerOf(await world.Rooms.ReadyAsync(call.Room, least));

        async Task<string> KillAsync()
        {
            var owner = await OwnerAsync(generation);
            await owner.KillAsync();
            return owner.Name;
        }
    }
}
