using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Speakers;

/// <param name="Participant">Who speaks.</param>
/// <param name="Level">Loudness from 0 (silent) to 1.</param>
/// <param name="Active">Whether the participant counts as speaking.</param>
public readonly record struct SpeakerLevel(ParticipantSid Participant, float Level, bool Active);
