using BuildIt.Operator.Runtime.Events;
using Microsoft.Extensions.Time.Testing;

namespace BuildIt.Operator.Runtime.Tests.Events;

public sealed class EventAggregatorTests
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UnixEpoch);
    private readonly EventAggregator _events = new();

    [Fact]
    public void The_same_text_is_counted()
    {
        var first = Decide("grew to 4");
        _time.Advance(EventAggregator.CountInterval);
        var second = Decide("grew to 4");

        Assert.Equal(EventAction.Create, first.Action);
        Assert.Equal((EventAction.Count, 2, first.Name), (second.Action, second.Count, second.Name));
        Assert.Equal(first.First, second.First);
    }

    [Fact]
    public void Quick_repeats_are_counted_with_the_next_write()
    {
        Decide("probe failed");
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(EventAction.Hold, Decide("probe failed").Action);
        }

        _time.Advance(EventAggregator.CountInterval);
        Assert.Equal(7, Decide("probe failed").Count);
    }

    [Fact]
    public void Many_similar_texts_become_one()
    {
        var actions = new List<EventAction>();
        for (var i = 0; i < 30; i++)
        {
            actions.Add(Decide($"pod {i} died").Action);
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(EventAggregator.SimilarLimit + 1, actions.Count(a => a == EventAction.Create));
        Assert.Contains(EventAction.Count, actions);
        Assert.StartsWith("(several like this)", Decide("pod 99 died").Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Texts_can_be_told_apart_again_after_the_window()
    {
        for (var i = 0; i < 12; i++)
        {
            Decide($"pod {i} died");
        }

        _time.Advance(EventAggregator.Window);
        Assert.Equal("pod 99 died", Decide("pod 99 died").Message);
    }

    [Fact]
    public void One_object_cannot_fill_the_server()
    {
        var created = Enumerable.Range(0, 500).Count(i => Decide("x", reason: $"Reason{i}").Action == EventAction.Create);

        Assert.Equal(EventAggregator.Burst, created);
        Assert.Equal(EventAction.Create, Decide("x", subject: "another").Action);
        _time.Advance(EventAggregator.Refill);
        Assert.Equal(EventAction.Create, Decide("x", reason: "Later").Action);
    }

    [Fact]
    public void Memory_is_bounded()
    {
        for (var i = 0; i < 100_000; i++)
        {
            Decide("x", subject: $"s{i}");
        }

        Assert.InRange(_events.Remembered, 0, 5000);
    }

    [Fact]
    public void A_forgotten_event_is_made_again()
    {
        var text = new EventText("s", false, "R", "m");
        _events.Decide(text, _time.GetUtcNow());
        _events.Forget(text);

        Assert.Equal(EventAction.Create, _events.Decide(text, _time.GetUtcNow().AddSeconds(1)).Action);
    }

    private EventDecision Decide(string message, string subject = "uid", string reason = "Reason") =>
        _events.Decide(new EventText(subject, false, reason, message), _time.GetUtcNow());
}
