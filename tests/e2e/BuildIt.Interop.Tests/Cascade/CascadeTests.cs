using BuildIt.Interop.Tests.Browser;
using BuildIt.Interop.Tests.Node;

namespace BuildIt.Interop.Tests.Cascade;

/// <summary>Three nodes in a chain that serve every room together.</summary>
public sealed class CascadedConference : ConferenceFixture
{
    protected override Task<SfuNode> StartNodeAsync() => SfuNode.StartCascadeAsync(3);
}

/// <summary>
/// Unmodified clients, each connected to a node of its own. "make interop-cascade" runs the other tests of browsers and SDKs so.
/// </summary>
public sealed class CascadeTests(CascadedConference conference) : IClassFixture<CascadedConference>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly string[] Names = ["alice", "bob", "carol"];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Everybody_sees_and_hears_everybody_end_to_end_encrypted(bool single)
    {
        await using var meeting = conference.NewMeeting();
        await MeetAsync(meeting, options => options with { Single = single, E2eeKey = "open sesame" });
    }

    [Fact]
    public async Task Who_is_on_a_node_that_dies_comes_back_on_another()
    {
        var own = new CascadedConference();
        await own.InitializeAsync();
        try
        {
            await using var meeting = own.NewMeeting();
            var everybody = await MeetAsync(meeting, options => options);

            // The last of the chain: the two others have a link of their own.
            await own.Node.KillAsync(2);
            foreach (var participant in everybody)
            {
                await participant.SeesAndHearsAsync(Names.Except([participant.Identity]), Patience);
            }
        }
        finally
        {
            await own.DisposeAsync();
        }
    }

    private static async Task<IReadOnlyList<BrowserParticipant>> MeetAsync(Meeting meeting, Func<JoinOptions, JoinOptions> configure)
    {
        var everybody = new List<BrowserParticipant>();
        foreach (var name in Names)
        {
            var participant = await meeting.JoinAsync(name, configure);
            await participant.PublishAsync();
            everybody.Add(participant);
        }

        foreach (var participant in everybody)
        {
            await participant.SeesAndHearsAsync(Names.Except([participant.Identity]), Patience);
        }

        return everybody;
    }
}
