using System.Globalization;
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
    private static readonly string[] Names = ["Ada", "Grace", "Edsger"];
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
            var before = await call.TogetherAsync(JoinPatience);
            var since = TimeProvider.System.GetTimestamp();
            var pod = (await fleet.PodOfAsync(call.Room)).Metadata;
            var victim = pod.Name;
            await fleet.Fleet.Machine.KillPodAsync(pod.Uid);
            await call.LosesConnectionsAsync();
            var back = (await call.MediaFlowsAsync(ReturnPatience, since)).Max(each => each.After);
            var after = await call.TogetherAsync(ReturnPatience);
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{call.People.Count} members, {victim} killed: all see and hear all after {back.TotalSeconds:F2} s; epoch {before.Epoch} before, {after.Epoch} after; {after.Roster.Count} in every roster, safety number {after.SafetyNumber}"));
            Assert.Equal(before.Roster, after.Roster);
            if (back < GroupCall.GivenUp)
            {
                // Nobody was away for so long that the group went on without them, and nobody came back as somebody new.
                Assert.Equal((before.Epoch, before.SafetyNumber), (after.Epoch, after.SafetyNumber));
            }

            Assert.NotEqual(victim, (await fleet.PodOfAsync(call.Room)).Metadata.Name);
            await Assert.AllAsync(call.People, async page => Assert.True(await GroupCall.IsUndisturbedAsync(page)));
            await call.EnterAsync(newcomer, JoinPatience);
            await call.MediaFlowsAsync(JoinPatience);
            var grown = await call.TogetherAsync(JoinPatience);
            Assert.True(grown.Epoch > after.Epoch);
            output.WriteLine($"{newcomer} is in: epoch {grown.Epoch}, {grown.Roster.Count} in every roster");
        }
    }
}
