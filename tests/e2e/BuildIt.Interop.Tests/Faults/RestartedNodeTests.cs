using System.Globalization;
using BuildIt.Interop.Tests.Browser;
using BuildIt.Interop.Tests.Node;
using BuildIt.Testing.Conferences.Rooms;
using Xunit.Abstractions;

namespace BuildIt.Interop.Tests.Faults;

/// <summary>The node is killed and another takes its address: the clients of an encrypted call find each other again by themselves.</summary>
public sealed class RestartedNodeTests(ITestOutputHelper output)
{
    private const int Kills = 3;
    private const string Room = "restarted";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [MemberData(nameof(BrowserPairs.UsualInBothModes), MemberType = typeof(BrowserPairs))]
    public async Task An_encrypted_call_outlives_its_node(BrowserKind first, BrowserKind second, bool single)
    {
        var node = await SfuNode.StartAsync();
        try
        {
            await using var pages = await PageServer.StartAsync();
            await using var gathering = new Gathering();
            for (var i = 0; i < 2; i++)
            {
                await gathering.AddBrowserAsync(pages, node.WebSocketUrl, SfuNode.Token(Room, $"browser-{i}"), $"browser-{i}", o => o with { Single = single }, i == 0 ? first : second);
            }

            for (var i = 0; i < 4; i++)
            {
                await gathering.AddHeadlessAsync(node.WebSocketUrl, SfuNode.Token(Room, $"headless-{i}"));
            }

            await gathering.MediaFlowsAsync(Patience);
            for (var kill = 1; kill <= Kills; kill++)
            {
                await gathering.ForgetEventsAsync();
                node = await node.RestartAsync();
                var times = await gathering.MediaFlowsAsync(Patience);
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"kill {kill}: media flows {times.Max(each => each.After).TotalSeconds:F2} s after the node is back"));
            }

            Assert.All(gathering.Headless, participant => Assert.Equal(Kills, participant.TimesReturned));
        }
        finally
        {
            await node.DisposeAsync();
        }
    }
}
