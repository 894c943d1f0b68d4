using BuildIt.EndToEnd.Tests.Fleets;
using BuildIt.Testing;
using BuildIt.Testing.Conferences.Rooms;
using Xunit.Abstractions;

namespace BuildIt.EndToEnd.Tests.Conferences;

/// <summary>
/// A call of the real conference client, keys by MLS, outlives the pod that serves it: the members are back with the group they had and
/// without a reload, and the group goes on to take newcomers.
/// </summary>
[Collection(FleetCollection.Name)]
public sealed class MembersFailoverTests(Installations installations, ITestOutputHelper output)
{
    private static readonly string[] Names = ["Ada", "Grace"];
    private static readonly string[] Newcomers = ["Barbara", "Radia"];
    private static readonly TimeSpan JoinPatience = TimeSpan.FromSeconds(90);

    /// <summary>What has to hold on any machine, however busy; what it took is printed.</summary>
    private static readonly TimeSpan ReturnPatience = TimeSpan.FromSeconds(60);

    [RootFact]
    public async Task MembersAreBackWithTheirKeysAfterThePodIsKilledAndNewcomersGetIn()
    {
        var fleet = await installations.ConferencesAsync();
        await using var call = new GroupCall(fleet.Pages);
        foreach (var name in Names)
        {
            await call.EnterAsync(name, JoinPatience);
        }

        await call.MediaFlowsAsync(JoinPatience);
        foreach (var newcomer in Newcomers)
        {
            await fleet.Fleet.SettledAsync(2);
            var told = await call.OutliveAsync(KillAsync, newcomer, JoinPatience, ReturnPatience);
            output.WriteLine(told.ToString());
            Assert.Equal(told.Before.Roster, told.After.Roster);
            if (told.IsSameGroup)
            {
                Assert.Equal((told.Before.Epoch, told.Before.SafetyNumber), (told.After.Epoch, told.After.SafetyNumber));
            }

            Assert.True(told.IsUndisturbed);
            Assert.True(told.Grown.Epoch > told.After.Epoch);
            Assert.NotEqual(told.Victim, (await fleet.PodOfAsync(call.Room)).Metadata.Name);
        }

        async Task<string> KillAsync()
        {
            var pod = (await fleet.PodOfAsync(call.Room)).Metadata;
            await fleet.Fleet.Machine.KillPodAsync(pod.Uid);
            return pod.Name;
        }
    }
}
