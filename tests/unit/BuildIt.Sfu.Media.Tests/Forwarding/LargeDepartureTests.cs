using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Forwarding;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Media.Tests.Rooms;

namespace BuildIt.Sfu.Media.Tests.Forwarding;

/// <summary>Whoever leaves a large room with many tracks keeps its loop from media no longer than anybody else.</summary>
public sealed class LargeDepartureTests
{
    private const int Tracks = 100;
    private const int Listeners = 40;

    private readonly VirtualRoom _room = new(seed: 93);

    [Fact]
    public void Subscriptions_end_a_few_at_a_time_and_all_in_the_end()
    {
        var publisher = Join("publisher");
        for (var i = 0; i < Tracks; i++)
        {
            publisher.Publish(
                new PublishedTrack
                {
                    Sid = new TrackSid($"TR_{i}"),
                    Publisher = new ParticipantSid("PA_publisher"),
                    Kind = TrackKind.Audio,
                    Origin = TrackOrigin.Microphone,
                    Encodings = [new($"a{i}", "", [])],
                },
                _room.Now);
        }

        IMediaPeer[] listeners = [.. Enumerable.Range(0, Listeners).Select(i => Join($"l{i}"))];
        foreach (var listener in listeners)
        {
            for (var i = 0; i < Tracks; i++)
            {
                listener.Subscribe(new TrackSid($"TR_{i}"), new SubscriptionSettings(), _room.Now);
            }
        }

        publisher.Close(_room.Now);
        Assert.Equal(Listeners * Tracks - EndingPublications.SubscriptionsPerTurn, Left());

        // Somebody else goes meanwhile.
        listeners[0].Close(_room.Now);
        Assert.InRange(_room.SecondsUntil(() => Left() == 0, 1), 0, 0.1);
        _room.Run(1);
        RecordedEvents events = new();
        var newcomer = _room.Media.AddPeer(new MediaPeerOptions { Sid = new ParticipantSid("PA_new"), SinglePeerConnection = true }, events, _room.Now);
        newcomer.Subscribe(new TrackSid("TR_0"), new SubscriptionSettings(), _room.Now);
        Assert.Equal([SubscriptionFailure.TrackNotFound], events.Failures);

        int Left() => listeners.Sum(listener => Enumerable.Range(0, Tracks).Count(i => listener.IsSubscribed(new TrackSid($"TR_{i}"))));
    }

    private IMediaPeer Join(string name) => _room.Media.AddPeer(
        new MediaPeerOptions { Sid = new ParticipantSid("PA_" + name), SinglePeerConnection = true }, new RecordedEvents(), _room.Now);
}
