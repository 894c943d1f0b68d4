import type { Bytes, Milliseconds } from '../units.js';
import { clearByteCount, isAllowedCodec } from './codec.js';
import { FrameCounter, type SaltPool } from './counter.js';
import { FrameCounts, type DropReason, type FrameResult } from './drops.js';
import { additionalData, joinParts } from './format.js';
import type { KeyRing } from './keyring.js';
import type { TrackSource } from './source.js';

/** A frame as its encoder made it. */
export interface EncodedFrame {
  readonly data: Bytes;
  /** The codec's name as RTP has it, in lower case and without "audio/" or "video/". */
  readonly codec: string;
  readonly keyFrame: boolean;
}

/** Seals the frames of one published track: one cryptor instance. Several frames may be under way at once. */
export class FrameSealer {
  readonly counts: FrameCounts;
  readonly #ring: KeyRing;
  readonly #source: TrackSource;
  readonly #counter: FrameCounter;

  constructor(ring: KeyRing, source: TrackSource, salts: SaltPool, counts = new FrameCounts(), counter = new FrameCounter(salts.draw())) {
    this.counts = counts;
    this.#ring = ring;
    this.#source = source;
    this.#counter = counter;
  }

  /** The sealed frame, or why it may not leave: nothing leaves in clear, whatever happens. */
  async seal(frame: EncodedFrame, now: Milliseconds): Promise<FrameResult> {
    if (!isAllowedCodec(frame.codec)) return this.#drop('codec');
    const n = clearByteCount(frame.codec, frame.keyFrame);
    if (frame.data.length < n) return this.#drop('malformed');
    const sealing = this.#ring.sealing(now);
    if (!sealing) return this.#drop('noKey');
    // Before anything is awaited, so that no two frames get one IV.
    const header = this.#counter.next(sealing.epoch);
    if (!header) return this.#drop('exhausted');

    const clear = frame.data.subarray(0, n);
    const algorithm = { name: 'AES-GCM', iv: header, additionalData: additionalData(header, this.#source, clear) };
    const ciphertext = await crypto.subtle.encrypt(algorithm, sealing.key, frame.data.subarray(n));
    this.counts.pass();
    return { kind: 'frame', data: joinParts(clear, header, new Uint8Array(ciphertext)) };
  }

  #drop(reason: DropReason): FrameResult {
    this.counts.drop(reason);
    return { kind: 'dropped', reason };
  }
}
