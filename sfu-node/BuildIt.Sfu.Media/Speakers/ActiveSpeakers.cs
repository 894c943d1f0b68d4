using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Speakers;

/// <param name="Participant">Who speaks.</param>
/// <param name="Level">Loudness from 0 (silent) to 1.</param>
/// <param name="Active">Whether the participant counts as speaking.</param>
public readonly record struct SpeakerLevel(ParticipantSid Participant, float Level, bool Active);

/// <summary>
/// Who speaks in a room. Feed it every audio packet's level; ask it each <see cref="SpeakerOptions.Window"/> for what changed.
/// Used on the room's loop; allocates only when a participant is new.
/// </summary>
public sealed class ActiveSpeakers(SpeakerOptions options)
{
    // Finer changes of level are not worth a message to everybody.
    private const float LevelStep = 1 / 8f;

    private readonly Dictionary<ParticipantSid, Speaker> _speakers = [];
    private readonly List<SpeakerLevel> _changes = [];

    /// <summary>When <see cref="TakeChanges"/> is to be called next.</summary>
    public Instant NextDeadline { get; private set; } = Instant.Zero;

    /// <summary>
    /// Makes or finds the window of a participant; keep it beside its audio track and call <see cref="AudioLevelWindow.Observe"/> per packet.
    /// </summary>
    public AudioLevelWindow WindowOf(ParticipantSid participant)
    {
        if (!_speakers.TryGetValue(participant, out var speaker))
            _speakers[participant] = speaker = new Speaker(new AudioLevelWindow(options));
        return speaker.Window;
    }

    /// <summary>Forgets a participant who left or unpublished. Says nothing about it any more.</summary>
    public void Remove(ParticipantSid participant) => _speakers.Remove(participant);

    /// <summary>
    /// Speakers whose level or activity changed since the last call; those who stopped come with level 0. Valid until the next call.
    /// </summary>
    public ReadOnlySpan<SpeakerLevel> TakeChanges(Instant now)
    {
        NextDeadline = now + options.Window;
        _changes.Clear();
        foreach (var (participant, speaker) in _speakers)
        {
            var level = speaker.Window.LevelAt(now);
            // Rounded up, so that whoever speaks never shows as silent.
            var rounded = level <= 0 ? 0 : MathF.Ceiling(level / LevelStep) * LevelStep;
            if (rounded == speaker.Reported)
                continue;
            speaker.Reported = rounded;
            _changes.Add(new SpeakerLevel(participant, rounded, rounded > 0));
        }

        return System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_changes);
    }

    private sealed class Speaker(AudioLevelWindow window)
    {
        public AudioLevelWindow Window { get; } = window;

        public float Reported { get; set; }
    }
}
