using System.Net;
using BuildIt.Sfu.Signaling.Tests.Sessions;
using BuildIt.Sfu.Signaling.Tokens;

namespace BuildIt.Sfu.Signaling.Tests.Api;

/// <summary>What this server does not do is refused in words, not promised.</summary>
public class NotDoneTests
{
    private static readonly VideoGrant Creator = new() { RoomCreate = true };

    [Theory]
    [InlineData(""" "egress":{"room":{"roomName":"r"}} """, "recording")]
    [InlineData(""" "agents":[{"agentName":"a"}] """, "agents")]
    [InlineData(""" "room_preset":"p" """, "room_preset")]
    [InlineData(""" "replayEnabled":true """, "replay")]
    public async Task A_room_with_features_that_are_not_here_is_refused_and_not_made(string field, string word)
    {
        await using var node = await TestNode.StartAsync();
        var (status, error) = await RoomServiceTests.PostAsync(node, Creator, "CreateRoom", $$"""{"name":"room",{{field}}}""");
        Assert.Equal((HttpStatusCode.NotImplemented, "unimplemented"), (status, error.GetProperty("code").GetString()));
        Assert.Contains(word, error.GetProperty("msg").GetString(), StringComparison.Ordinal);
        Assert.Empty(node.Media.Rooms);
    }

    [Theory]
    [InlineData(""" "nodeId":"ND_1" """)]
    [InlineData(""" "minPlayoutDelay":10,"maxPlayoutDelay":200 """)]
    [InlineData(""" "syncStreams":true """)]
    [InlineData(""" "tags":{"a":"b"} """)]
    public async Task Hints_are_ignored(string field)
    {
        await using var node = await TestNode.StartAsync();
        Assert.Equal(HttpStatusCode.OK, (await RoomServiceTests.PostAsync(node, Creator, "CreateRoom", $$"""{"name":"room",{{field}}}""")).Status);
    }

    [Theory]
    [InlineData("/agent", "token of its own")]
    [InlineData("/whip/endpoint", "LiveKit SDK")]
    [InlineData("/settings/regions", "one region")]
    public async Task Paths_of_features_that_are_not_here_say_so(string path, string words)
    {
        await using var node = await TestNode.StartAsync();
        using var response = await node.Http.GetAsync(path);
        Assert.Equal(HttpStatusCode.NotImplemented, response.StatusCode);
        Assert.Contains(words, await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }
}
