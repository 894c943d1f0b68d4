using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Node.Heartbeats;
using BuildIt.Sfu.Node.State;

namespace BuildIt.Sfu.Node.Tests.Heartbeats;

public sealed class EarlyBeatsTests
{
    private static readonly Instant Start = Instant.FromMilliseconds(1_000_000);

    [Fact]
    public void Without_news_none_is_due()
    {
        var beats = new EarlyBeats();
        beats.OnBeat(Start);
        Assert.Equal(Instant.Never, beats.NextDeadline);
    }

    [Fact]
    public void News_goes_out_at_once_and_what_follows_after_a_pause()
    {
        var beats = new EarlyBeats();
        beats.OnBeat(Start);
        beats.OnNews(At(600));
        Assert.Equal(At(600), beats.NextDeadline);
        beats.OnBeat(At(600));
        Assert.Equal(Instant.Never, beats.NextDeadline);

        beats.OnNews(At(610));
        beats.OnNews(At(700));
        Assert.Equal(At(600) + EarlyBeats.Pause, beats.NextDeadline);

        // The regular one comes first, and tells it.
        beats.OnBeat(At(800));
        Assert.Equal(Instant.Never, beats.NextDeadline);
    }

    [Fact]
    public void A_node_whose_links_never_come_to_rest_sends_half_as_many_again_and_no_more()
    {
        var (beats, early, regular) = (new EarlyBeats(), 0, 0);
        for (var at = 0; at < 60_000; at += 10)
        {
            if (at % 1000 == 0)
            {
                beats.OnBeat(At(at));
                regular++;
            }

            beats.OnNews(At(at));
            if (beats.NextDeadline <= At(at))
            {
                beats.OnBeat(At(at));
                early++;
            }
        }

        Assert.InRange(early, regular / 2, (regular / 2) + EarlyBeats.Burst);
    }

    [Fact]
    public void What_changes_while_news_is_told_is_news_again()
    {
        var news = new UrgentNews();
        Assert.False(news.Raised.IsCompleted);
        news.Raise();
        news.Raise();
        Assert.True(news.Raised.IsCompleted);
        news.Take();
        Assert.False(news.Raised.IsCompleted);
        news.Raise();
        Assert.True(news.Raised.IsCompleted);
    }

    private static Instant At(int milliseconds) => Start + TimeSpan.FromMilliseconds(milliseconds);
}
