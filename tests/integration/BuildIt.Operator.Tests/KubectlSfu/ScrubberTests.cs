using System.Text.Json.Nodes;
using BuildIt.KubectlSfu.Output;

namespace BuildIt.Operator.Tests.KubectlSfu;

public sealed class ScrubberTests
{
    [Theory]
    [InlineData("redis at 10.0.0.7:6379 is away", "redis at [address] is away")]
    [InlineData("node 192.0.2.1 answers", "node [address] answers")]
    [InlineData("to [2001:db8::7]:7880", "to [address]")]
    [InlineData("from fe80::1", "from [address]")]
    [InlineData("redis.internal.example.com:6379 says no", "[address] says no")]
    [InlineData("wss://sfu.example.com/rtc?access_token=x", "[address]")]
    [InlineData("turns:turn.example.com:443?transport=tcp", "[address]")]
    [InlineData("token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl was refused", "token [token] was refused")]
    [InlineData("npub180cvv07tjdrrgpa0j7j7tmnyl2yr6yr7l8j4s3evf6u64th6gkwsyjh6w6 joined", "[key] joined")]
    [InlineData("by 3bf0c63fcb93463407af97a5e5ee64fa883d107ef9e558472c4eb9aaaefa459d", "by [hash]")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----", "[key]")]
    [InlineData("key 5ChYV0b9xqg2uA9lq1Z7c0mJ3fT8sK4rN6pQ2wE8yU0=", "key [key]")]
    [InlineData("at 10:02:11Z on main-x7f9kqz2-bcdfghj: 3 of 4 pods, 42% full, version 1.2.3", "at 10:02:11Z on main-x7f9kqz2-bcdfghj: 3 of 4 pods, 42% full, version 1.2.3")]
    [InlineData("2026-01-01T10:02:11.123Z info: BuildIt.Sfu.Node[3] 00:05:00", "2026-01-01T10:02:11.123Z info: BuildIt.Sfu.Node[3] 00:05:00")]
    public void Texts_lose_what_must_not_leave_the_house_and_keep_the_rest(string text, string clean) => Assert.Equal(clean, Scrubber.Text(text));

    [Fact]
    public void Members_of_objects_that_hold_such_things_are_left_away()
    {
        var json = JsonNode.Parse("""{"metadata":{"name":"room","annotations":{"a":"b"},"labels":{"c":"d"}},"spec":{"displayName":"Alice","redis":{"addresses":["r:1"]}},"status":{"n":1,"ok":true,"message":"10.0.0.1 left"}}""");

        Assert.Equal("""{"metadata":{"name":"room"},"spec":{"redis":{}},"status":{"n":1,"ok":true,"message":"[address] left"}}""", Scrubber.Json(json)!.ToJsonString());
    }
}
