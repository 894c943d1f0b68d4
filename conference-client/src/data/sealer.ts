import { FrameCounter, type SaltPool } from '../frames/counter.js';
import { FrameCounts, type DropReason } from '../frames/drops.js';
import type { KeyRing } from '../frames/keyring.js';
import type { Bytes, Milliseconds } from '../units.js';
import { DATA_VERSION, messageAlgorithm, type MessageResult, type SealedMessage } from './message.js';

/**
 * Seals the data messages of a page with the key of its frames. It is one more cryptor instance: its salt comes from the pool of the
 * tracks' salts, so that no message and no frame share an IV.
 */
export class DataSealer {
  readonly counts: FrameCounts;
  readonly #ring: KeyRing;
  readonly #counter: FrameCounter;

  constructor(ring: KeyRing, salts: SaltPool, counts = new FrameCounts(), counter = new FrameCounter(salts.draw())) {
    this.counts = counts;
    this.#ring = ring;
    this.#counter = counter;
  }

  /** The sealed message, or why it may not leave. */
  async seal(message: Bytes, now: Milliseconds): Promise<MessageResult<SealedMessage>> {
    const sealing = this.#ring.sealing(now);
    if (!sealing) return this.#drop('noKey');
    // Before anything is awaited, so that no two messages get one IV.
    const iv = this.#counter.next(sealing.epoch);
    if (!iv) return this.#drop('exhausted');
    const payload = await crypto.subtle.encrypt(messageAlgorithm(iv), sealing.key, message);
    this.counts.pass();
    return { kind: 'message', message: { iv, payload: new Uint8Array(payload), version: DATA_VERSION } };
  }

  #drop(reason: DropReason): MessageResult<never> {
    this.counts.drop(reason);
    return { kind: 'dropped', reason };
  }
}
