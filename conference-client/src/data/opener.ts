import { FrameCounts, type DropReason } from '../frames/drops.js';
import { HEADER_BYTES, readHeader, TAG_BYTES } from '../frames/format.js';
import type { KeyRing } from '../frames/keyring.js';
import type { Bytes, Milliseconds, ParticipantId } from '../units.js';
import { DATA_VERSION, messageAlgorithm, type MessageResult, type SealedMessage } from './message.js';

/** Opens the data messages of one participant. Several may be under way at once. */
export class DataOpener {
  readonly counts: FrameCounts;
  readonly #ring: KeyRing;
  readonly #sender: ParticipantId;

  /** @param sender Whom the message is said to come from: it opens only when that is true. */
  constructor(ring: KeyRing, sender: ParticipantId, counts = new FrameCounts()) {
    this.counts = counts;
    this.#ring = ring;
    this.#sender = sender;
  }

  /** The message that its sender sealed, or why there is none. Any bytes may be given. */
  async open(sealed: SealedMessage, now: Milliseconds): Promise<MessageResult<Bytes>> {
    if (sealed.version !== DATA_VERSION) return this.#drop('version');
    if (sealed.iv.length !== HEADER_BYTES || sealed.payload.length < TAG_BYTES) return this.#drop('malformed');
    const { epoch, salt, count } = readHeader(sealed.iv);
    const sender = this.#ring.opening(epoch, this.#sender, now);
    if (typeof sender === 'string') return this.#drop(sender);
    const admitted = sender.data.admits(salt, count);
    if (admitted !== true) return this.#drop(admitted);

    let plain: ArrayBuffer;
    try {
      plain = await crypto.subtle.decrypt(messageAlgorithm(sealed.iv), sender.key, sealed.payload);
    } catch {
      return this.#drop('badTag');
    }
    if (!sender.data.accept(salt, count)) return this.#drop('replay');
    this.counts.pass();
    return { kind: 'message', message: new Uint8Array(plain) };
  }

  #drop(reason: DropReason): MessageResult<never> {
    this.counts.drop(reason);
    return { kind: 'dropped', reason };
  }
}
