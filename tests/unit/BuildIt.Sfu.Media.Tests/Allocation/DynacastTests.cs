using BuildIt.Sfu.Media.Allocation;
using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Tests.Allocation;

public sealed class DynacastTests
{
    private static readonly ParticipantSid Ann = new("PA_ann");
    private static readonly ParticipantSid Ben = new("PA_ben");
    private readonly Dynacast _dynacast = new(At(0));

    [Fact]
    public void Nothing_falls_in_the_first_ten_seconds()
    {
        _dynacast.SetWanted(Ann, VideoQualityLevel.Low, At(1));
        Assert.Equal(At(10), _dynacast.NextDeadline);
        _dynacast.OnTime(At(9.9));
        Assert.False(_dynacast.TryTakeChange(out _));
        _dynacast.OnTime(At(10));
        Assert.True(_dynacast.TryTakeChange(out VideoQualityLevel highest));
        Assert.Equal(VideoQualityLevel.Low, highest);
        Assert.False(_dynacast.TryTakeChange(out _));
    }

    [Fact]
    public void A_rise_is_told_at_once_and_a_fall_after_five_seconds()
    {
        _dynacast.SetWanted(Ann, VideoQualityLevel.Low, At(0));
        _dynacast.OnTime(At(10));
        _dynacast.TryTakeChange(out _);

        _dynacast.SetWanted(Ben, VideoQualityLevel.Medium, At(20));
        Assert.True(_dynacast.TryTakeChange(out VideoQualityLevel risen));
        Assert.Equal(VideoQualityLevel.Medium, risen);

        _dynacast.Remove(Ben, At(30));
        Assert.Equal(At(35), _dynacast.NextDeadline);
        _dynacast.OnTime(At(34.9));
        Assert.False(_dynacast.TryTakeChange(out _));
        _dynacast.OnTime(At(35));
        Assert.True(_dynacast.TryTakeChange(out VideoQualityLevel fallen));
        Assert.Equal(VideoQualityLevel.Low, fallen);
        Assert.Equal(Instant.Never, _dynacast.NextDeadline);
    }

    [Fact]
    public void A_viewer_who_returns_in_time_changes_nothing()
    {
        _dynacast.SetWanted(Ann, VideoQualityLevel.High, At(20));
        _dynacast.SetWanted(Ann, VideoQualityLevel.Off, At(21));
        _dynacast.SetWanted(Ann, VideoQualityLevel.High, At(25));
        _dynacast.OnTime(At(60));
        Assert.False(_dynacast.TryTakeChange(out _));
    }

    [Fact]
    public void Nobody_watching_turns_it_off()
    {
        _dynacast.SetWanted(Ann, VideoQualityLevel.Off, At(20));
        _dynacast.OnTime(At(25));
        Assert.True(_dynacast.TryTakeChange(out VideoQualityLevel highest));
        Assert.Equal(VideoQualityLevel.Off, highest);
    }

    [Fact]
    public void A_deeper_fall_while_one_is_pending_waits_no_longer()
    {
        _dynacast.SetWanted(Ann, VideoQualityLevel.Medium, At(20));
        _dynacast.SetWanted(Ann, VideoQualityLevel.Low, At(24));
        _dynacast.OnTime(At(25));
        Assert.True(_dynacast.TryTakeChange(out VideoQualityLevel highest));
        Assert.Equal(VideoQualityLevel.Low, highest);
    }

    private static Instant At(double seconds) => Instant.Zero + TimeSpan.FromSeconds(seconds);
}
