using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using BuildIt.Sfu.Media.Sdp;
using BuildIt.Sfu.Node.Tests.Routing;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.TestClient;

namespace BuildIt.Sfu.Node.Tests.Parts;

/// <summary>A room on two loops of one node: to those who are in it, it is one.</summary>
public sealed class PartedRoomTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly string[] Names = ["alice", "bob", "carol", "dan"];

    private PartedNode _node = null!;

    public async Task InitializeAsync() => _node = await PartedNode.StartAsync();

    public async Task DisposeAsync() => await _node.DisposeAsync();

    [Fact]
    public async Task Those_in_both_parts_see_hear_and_read_each_other()
    {
        var people = await GatherAsync("room");
        try
        {
            foreach (var person in people)
            {
                await person.PublishVideoAsync();
                await person.PublishAudioAsync();
            }

            await Eventually.IsAsync(async () => (await Task.WhenAll(people.Select(ReceivesAllAsync))).All(all => all), Patience, "everybody sees and hears everybody");
            Assert.Equal(1, await _node.MetricAsync("buildit_sfu_room_parts"));
            Assert.True(await _node.MetricAsync("buildit_sfu_inner_bytes_total") > 100_000);

            var received = people.Select(person => Received(person)).ToArray();
            foreach (var person in people)
            {
                Assert.True(await person.SendDataAsync(Encoding.UTF8.GetBytes($"from {person.Identity}")));
            }

            await Eventually.IsAsync(() => Task.FromResult(received.All(texts => texts.Count == 3)), Patience, "everybody reads what the others wrote");
            foreach (var (person, texts) in people.Zip(received))
            {
                Assert.Equal(Names.Where(name => name != person.Identity).Select(name => $"from {name}"), texts.Order(StringComparer.Ordinal));
            }

            foreach (var statistics in await Task.WhenAll(people.Select(person => person.GetStatisticsAsync())))
            {
                Assert.All(statistics.Received, track => Assert.Equal("", track.FirstFault));
            }
        }
        finally
        {
            await LeaveAsync(people);
        }

        Assert.DoesNotContain("fail", string.Join('\n', _node.Process.ReadOutput().Split('\n').Where(line => line.Contains("fail:", StringComparison.Ordinal))), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_server_does_reaches_everybody_in_any_part()
    {
        var people = await GatherAsync("room");
        try
        {
            var tracks = new Dictionary<string, string>();
            foreach (var person in people)
            {
                tracks[person.Identity] = await person.PublishAudioAsync();
            }

            var received = people.Select(person => Received(person)).ToArray();
            await Eventually.IsAsync(async () => (await ListAsync()).Order(StringComparer.Ordinal).SequenceEqual(Names), Patience, "everybody is listed");
            foreach (var name in Names)
            {
                // At once, whichever part knows of it.
                Assert.Contains(name, (await CallAsync("GetParticipant", new { room = "room", identity = name })).Body, StringComparison.Ordinal);
                Assert.Equal(HttpStatusCode.OK, (await CallAsync("MutePublishedTrack", new { room = "room", identity = name, track_sid = tracks[name], muted = true })).Status);
                Assert.Equal(HttpStatusCode.OK, (await CallAsync("UpdateParticipant", new { room = "room", identity = name, metadata = $"of {name}" })).Status);
            }

            await Eventually.IsAsync(
                () => Task.FromResult(people.All(person => Names.Where(name => name != person.Identity)
                    .All(name => person.Others.Values.Any(other => other.Identity == name && other.Metadata == $"of {name}" && other.Tracks.All(track => track.Muted))))),
                Patience,
                "everybody knows that everybody is muted");
            Assert.Equal(HttpStatusCode.OK, (await CallAsync("SendData", new { room = "room", data = Convert.ToBase64String("to all"u8), kind = "RELIABLE" })).Status);
            await Eventually.IsAsync(() => Task.FromResult(received.All(texts => texts.Contains("to all"))), Patience, "what the server says is read by all");
            foreach (var name in Names)
            {
                Assert.Equal(HttpStatusCode.OK, (await CallAsync("RemoveParticipant", new { room = "room", identity = name })).Status);
            }

            await Task.WhenAll(people.Select(person => person.Ended)).WaitAsync(Patience);
            await Eventually.IsAsync(async () => !(await ListAsync()).Any(), Patience, "nobody is listed");
        }
        finally
        {
            await LeaveAsync(people);
        }
    }

    [Fact]
    public async Task Every_webhook_is_posted_once_and_the_rooms_end_is_the_last()
    {
        var people = await GatherAsync("room");
        try
        {
            foreach (var person in people)
            {
                await person.PublishAudioAsync();
            }

            await Eventually.IsAsync(() => Task.FromResult(_node.Posted.Count(posted => posted.Event == "track_published") == 4), Patience, "the tracks are posted");
            Assert.Equal(HttpStatusCode.OK, (await CallAsync("DeleteRoom", new { room = "room" })).Status);
            await Task.WhenAll(people.Select(person => person.Ended)).WaitAsync(Patience);
            await Eventually.IsAsync(() => Task.FromResult(_node.Posted.Any(posted => posted.Event == "room_finished")), Patience, "the end is posted");
        }
        finally
        {
            await LeaveAsync(people);
        }

        var of = _node.Posted.Select(posted => (posted.Event, posted.Participant?.Identity)).ToArray();
        Assert.Equal(("room_started", null), of[0]);
        Assert.Equal(("room_finished", null), of[^1]);
        Assert.Equal(2 + 4 * 4, of.Length);
        foreach (var each in new[] { "participant_joined", "track_published", "track_unpublished", "participant_left" })
        {
            Assert.Equal(Names, of.Where(posted => posted.Event == each).Select(posted => posted.Identity).Order(StringComparer.Ordinal));
        }

        Assert.Equal((0u, 0u), (_node.Posted[^1].Room.NumParticipants, _node.Posted[^1].Room.NumPublishers));
        Assert.Single(_node.Posted.Select(posted => posted.Room.Sid).Distinct());
        await Eventually.IsAsync(async () => await _node.MetricAsync("buildit_sfu_room_parts") == 0 && await _node.MetricAsync("buildit_sfu_rooms") == 0, Patience, "nothing of it is left");
    }

    [Fact]
    public async Task A_room_goes_on_while_anybody_is_in_any_part_and_ends_when_nobody_is()
    {
        await CallAsync("CreateRoom", new { name = "room", departure_timeout = 1, empty_timeout = 300 });
        var people = await GatherAsync("room");
        try
        {
            // Those who came first and third are at the home.
            await people[0].DisposeAsync();
            await people[2].DisposeAsync();
            await Eventually.IsAsync(() => Task.FromResult(people[1].Others.Count == 1), Patience, "they are gone");
            var until = DateTimeOffset.UtcNow + TimeSpan.FromSeconds(3);
            await Eventually.IsAsync(
                () =>
                {
                    Assert.True(people[1].IsActive && people[3].IsActive);
                    return Task.FromResult(DateTimeOffset.UtcNow > until);
                },
                Patience,
                "some seconds pass");
            Assert.DoesNotContain(_node.Posted, posted => posted.Event == "room_finished");
        }
        finally
        {
            await LeaveAsync([people[1], people[3]]);
        }

        await Eventually.IsAsync(() => Task.FromResult(_node.Posted.Any(posted => posted.Event == "room_finished")), Patience, "it ends when the last are gone");
    }

    private static ConcurrentBag<string> Received(HeadlessParticipant person)
    {
        var texts = new ConcurrentBag<string>();
        person.DataReceived += (_, packet) =>
        {
            if (packet.User is { } user)
            {
                texts.Add(user.Payload.ToStringUtf8());
            }
        };
        return texts;
    }

    private static async Task<bool> ReceivesAllAsync(HeadlessParticipant person)
    {
        var received = (await person.GetStatisticsAsync()).Received;
        return person.Others.Count == 3
            && received.Count(track => track is { Kind: MediaKind.Audio, Packets: > 50 }) == 3
            && received.Count(track => track is { Kind: MediaKind.Video, Frames: > 20 }) == 3;
    }

    private static async Task LeaveAsync(HeadlessParticipant[] people)
    {
        foreach (var person in people)
        {
            await person.DisposeAsync();
        }
    }

    /// <summary>Everybody joins, one after the other.</summary>
    private async Task<HeadlessParticipant[]> GatherAsync(string room)
    {
        var people = new List<HeadlessParticipant>();
        foreach (var name in Names)
        {
            people.Add(await _node.JoinAsync(room, name));
        }

        await Eventually.IsAsync(() => Task.FromResult(people.All(person => person.Others.Count == 3)), Patience, "everybody knows of everybody");
        return [.. people];
    }

    private Task<(HttpStatusCode Status, string Body)> CallAsync(string method, object body) => _node.CallAsync("room", method, body);

    private async Task<IReadOnlyList<string>> ListAsync()
    {
        using var listed = JsonDocument.Parse((await CallAsync("ListParticipants", new { room = "room" })).Body);
        return !listed.RootElement.TryGetProperty("participants", out var participants) ? [] : [.. participants.EnumerateArray().Select(one => one.GetProperty("identity").GetString()!)];
    }
}
