using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Media.Tests.Rooms;

namespace BuildIt.Sfu.Media.Tests.WebRtc;

/// <summary>When the node asks a client with one connection for its second offer.</summary>
public sealed class FirstRequestTests
{
    private readonly VirtualRoom _room = new(seed: 1);
    private readonly ModelClient _publisher;

    public FirstRequestTests()
    {
        _publisher = _room.Join("publisher");
        _publisher.Publish();
        _room.Run(1);
    }

    [Fact]
    public void It_waits_until_the_answer_to_the_first_is_in_force()
    {
        var client = _room.Join("client");
        client.Up.Settings.Delay = TimeSpan.FromMilliseconds(300);
        client.Subscribe(_publisher, new SubscriptionSettings());
        client.Publish();
        var joined = _room.Now;
        _room.Run(0.29);
        Assert.Empty(client.SectionsRequired);
        Assert.True(_room.SecondsUntil(() => client.SectionsRequired.Count > 0, 0.5) < 0.5);
        Assert.InRange((client.SectionsRequired[0] - joined).TotalSeconds, 0.3, 0.7);
    }

    [Fact]
    public void It_comes_at_once_when_there_is_no_first()
    {
        var client = _room.Join("client");
        client.Subscribe(_publisher, new SubscriptionSettings());
        Assert.InRange(_room.SecondsUntil(() => client.SectionsRequired.Count > 0, 1), 0, 0.05);
    }

    [Fact]
    public void It_comes_within_a_second_when_no_check_arrives()
    {
        var client = _room.Join("client");
        client.Up.Settings.Loss = 1;
        client.Subscribe(_publisher, new SubscriptionSettings());
        client.Publish();
        Assert.InRange(_room.SecondsUntil(() => client.SectionsRequired.Count > 0, 2), 0.95, 1.05);
    }
}
