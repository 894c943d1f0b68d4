/** What a track shows, in the words of livekit-client's Track.Source. */
export type TrackSource = 'unknown' | 'camera' | 'microphone' | 'screen_share' | 'screen_share_audio';

// The numbers of LiveKit's protocol (TrackSource in livekit_models.proto), so that every client derives the same byte.
const numbers: Readonly<Record<TrackSource, number>> = { unknown: 0, camera: 1, microphone: 2, screen_share: 3, screen_share_audio: 4 };

/** The byte that stands for a source in the additional authenticated data. */
export function sourceByte(source: TrackSource): number {
  return numbers[source];
}
