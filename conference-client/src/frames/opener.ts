import type { Bytes, Milliseconds, ParticipantId } from '../units.js';
import { FrameCounts, type DropReason, type FrameResult } from './drops.js';
import { additionalData, splitParts } from './format.js';
import type { KeyRing } from './keyring.js';
import type { TrackSource } from './source.js';

/** Opens the frames of one subscribed track. Several frames may be under way at once. */
export class FrameOpener {
  readonly counts: FrameCounts;
  readonly #ring: KeyRing;
  readonly #sender: ParticipantId;
  readonly #source: TrackSource;

  /** @param sender Whom the roster, and not the frame, says to be the sender. */
  constructor(ring: KeyRing, sender: ParticipantId, source: TrackSource, counts = new FrameCounts()) {
    this.counts = counts;
    this.#ring = ring;
    this.#sender = sender;
    this.#source = source;
  }

  /** The frame that its sender sealed, or why there is none. Any bytes may be given. */
  async open(sealed: Bytes, now: Milliseconds): Promise<FrameResult> {
    const parts = splitParts(sealed);
    if (typeof parts === 'string') return this.#drop(parts);
    const { epoch, salt, count } = parts.header;
    const sender = this.#ring.opening(epoch, this.#sender, now);
    if (typeof sender === 'string') return this.#drop(sender);
    const admitted = sender.frames.admits(salt, count);
    if (admitted !== true) return this.#drop(admitted);

    const algorithm = { name: 'AES-GCM', iv: parts.iv, additionalData: additionalData(parts.iv, this.#source, parts.clear) };
    let plain: ArrayBuffer;
    try {
      plain = await crypto.subtle.decrypt(algorithm, sender.key, parts.ciphertext);
    } catch {
      return this.#drop('badTag');
    }
    // Only now does the window move, and only once for the same frame, however many copies were under way.
    if (!sender.frames.accept(salt, count)) return this.#drop('replay');
    const data = new Uint8Array(parts.clear.length + plain.byteLength);
    data.set(parts.clear);
    data.set(new Uint8Array(plain), parts.clear.length);
    this.counts.pass();
    return { kind: 'frame', data };
  }

  #drop(reason: DropReason): FrameResult {
    this.counts.drop(reason);
    return { kind: 'dropped', reason };
  }
}
