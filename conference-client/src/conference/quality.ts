import { Track, VideoQuality, type RemoteTrackPublication, type Room } from 'livekit-client';
import type { ParticipantId } from '../units.js';

/** The most that somebody wants to see of others; their link may give less. */
export type PreferredQuality = 'low' | 'medium' | 'high';

const qualities: Readonly<Record<PreferredQuality, VideoQuality>> = { low: VideoQuality.LOW, medium: VideoQuality.MEDIUM, high: VideoQuality.HIGH };

/** What is wanted of the others' pictures. The SFU sends no more than that, and nothing of who is not visible. */
export class Quality {
  readonly #room: () => Room;
  readonly #tiles = new Map<ParticipantId, { readonly width: number; readonly height: number }>();
  #preferred: PreferredQuality = 'high';
  #visible: ReadonlySet<ParticipantId> | undefined;

  constructor(room: () => Room) {
    this.#room = room;
  }

  /** In device pixels, how large somebody's picture is shown. */
  setTile(participant: ParticipantId, width: number, height: number): void {
    this.#tiles.set(participant, { width: Math.round(width), height: Math.round(height) });
    this.apply(participant);
  }

  /** Whose pictures are wanted at all; undefined for everybody's. */
  setVisible(participants: Iterable<ParticipantId> | undefined): void {
    this.#visible = participants && new Set(participants);
    this.apply();
  }

  setPreferred(quality: PreferredQuality): void {
    this.#preferred = quality;
    this.apply();
  }

  /** Says it again, of one or of all: tracks come and go. */
  apply(only?: ParticipantId): void {
    for (const participant of this.#room().remoteParticipants.values()) {
      if (only !== undefined && participant.identity !== only) continue;
      for (const publication of participant.videoTrackPublications.values()) this.#applyTo(participant.identity as ParticipantId, publication as RemoteTrackPublication);
    }
  }

  #applyTo(participant: ParticipantId, publication: RemoteTrackPublication): void {
    if (!publication.isSubscribed) return;
    publication.setEnabled(!this.#visible || this.#visible.has(participant));
    const tile = this.#tiles.get(participant);
    // A screen is read, so it is not made smaller than it is.
    if (tile && this.#preferred === 'high' && publication.source === Track.Source.Camera) publication.setVideoDimensions(tile);
    else if (this.#preferred !== 'high' && publication.source === Track.Source.Camera) publication.setVideoQuality(qualities[this.#preferred]);
  }
}
