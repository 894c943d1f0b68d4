using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Speakers;

namespace BuildIt.Sfu.Media.Tests.Speakers;

public sealed class ActiveSpeakersTests
{
    private static readonly ParticipantSid Alice = new("PA_alice");
    private readonly ActiveSpeakers _speakers = new(new SpeakerOptions());
    private Instant _now = Instant.FromMilliseconds(1000);

    [Fact]
    public void Speech_silence_and_mute_are_each_reported_once()
    {
        Talk(20, 1, 40);
        var changes = _speakers.TakeChanges(_now).ToArray();
        var level = Assert.Single(changes);
        Assert.True(level.Active && level.Level is > 0 and <= 1);
        Talk(20, 1, 200);
        _speakers.TakeChanges(_now);
        Talk(20, 1, 40);
        Assert.Empty(_speakers.TakeChanges(_now).ToArray());

        _now += TimeSpan.FromSeconds(1);
        Assert.Equal(new SpeakerLevel(Alice, 0, false), Assert.Single(_speakers.TakeChanges(_now).ToArray()));
        Assert.Empty(_speakers.TakeChanges(_now).ToArray());
    }

    [Theory]
    [InlineData(36, 1)]
    [InlineData(20, 4)]
    [InlineData(127, 1)]
    public void Quiet_or_rare_sound_is_no_speech(byte level, int every)
    {
        Talk(level, every, 200);
        Assert.Empty(_speakers.TakeChanges(_now).ToArray());
    }

    [Fact]
    public void Louder_is_higher()
    {
        var loud = new AudioLevelWindow(new SpeakerOptions());
        var soft = new AudioLevelWindow(new SpeakerOptions());
        for (var i = 0; i < 100; i++)
        {
            loud.Observe(5, TimeSpan.FromMilliseconds(20), _now);
            soft.Observe(30, TimeSpan.FromMilliseconds(20), _now);
        }

        Assert.InRange(loud.Level, 0.5f, 0.6f);
        Assert.InRange(soft.Level, 0.03f, 0.04f);
    }

    private void Talk(byte level, int every, int packets)
    {
        var window = _speakers.WindowOf(Alice);
        for (var i = 0; i < packets; i++)
        {
            window.Observe(i % every == 0 ? level : (byte)127, TimeSpan.FromMilliseconds(20), _now);
            _now += TimeSpan.FromMilliseconds(20);
        }
    }
}
