import { milliseconds, type Bytes, type Epoch, type Milliseconds, type ParticipantId } from '../units.js';
import { DATA_WINDOWS, FRAME_WINDOWS, ReplayWindows } from './replay.js';

/** How long the keys of an epoch outlive it, for frames that were under way. */
export const ERASE_AFTER: Milliseconds = milliseconds(10_000);

/** Imports the 32 bytes of a frame key. Done once for each key: the result opens and seals any number of frames, and cannot be read. */
export function importFrameKey(raw: Bytes): Promise<CryptoKey> {
  if (raw.length !== 32) throw new RangeError('A frame key has 32 bytes');
  return crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt']);
}

/**
 * The key of one sender in one epoch, with what was already opened with it. The windows belong to the sender and not to the track a
 * frame arrived on: an SFU that sends a frame again on another track of the same source gets nowhere.
 */
export class SenderKey {
  readonly key: CryptoKey;
  readonly frames = new ReplayWindows(FRAME_WINDOWS);
  readonly data = new ReplayWindows(DATA_WINDOWS);

  constructor(key: CryptoKey) {
    this.key = key;
  }
}

interface EpochKeys {
  readonly epoch: Epoch;
  readonly senders: Map<ParticipantId, SenderKey>;
  erasedAt: Milliseconds | undefined;
}

/**
 * The frame keys of one MLS group on one device. Epochs only go forward; a group that starts anew gets a new or cleared ring,
 * and new cryptors. Not for more than one thread.
 */
export class KeyRing {
  readonly #own: ParticipantId;
  #epochs: EpochKeys[] = [];
  #newest: Epoch | undefined;
  #sending: Epoch | undefined;

  constructor(own: ParticipantId) {
    this.#own = own;
  }

  /** The epoch that frames are sealed with. */
  get sendingEpoch(): Epoch | undefined {
    return this.#sending;
  }

  /**
   * An epoch begins: its keys open frames from now on, and the earlier ones end. Whoever has no key in it is no member any more,
   * and its older frames are not opened either.
   * @throws RangeError when the epoch is not newer than all before.
   */
  begin(epoch: Epoch, keys: ReadonlyMap<ParticipantId, CryptoKey>, now: Milliseconds): void {
    if (this.#newest !== undefined && epoch <= this.#newest) throw new RangeError('Epochs only go forward');
    this.advance(now);
    for (const earlier of this.#epochs) {
      earlier.erasedAt ??= milliseconds(now + ERASE_AFTER);
      for (const sender of earlier.senders.keys()) {
        if (!keys.has(sender)) earlier.senders.delete(sender);
      }
    }
    const senders = new Map([...keys].map(([sender, key]) => [sender, new SenderKey(key)]));
    this.#epochs.push({ epoch, senders, erasedAt: undefined });
    this.#newest = epoch;
  }

  /**
   * From now on frames are sealed with this epoch.
   * @throws RangeError when it has not begun, or a later one is already in use.
   */
  sendWith(epoch: Epoch): void {
    if (!this.#epochs.some((keys) => keys.epoch === epoch)) throw new RangeError('This epoch has not begun');
    if (this.#sending !== undefined && epoch < this.#sending) throw new RangeError('Epochs only go forward');
    this.#sending = epoch;
  }

  /** What to seal with, or undefined when there is nothing: then nothing may leave. */
  sealing(now: Milliseconds): { readonly epoch: Epoch; readonly key: CryptoKey } | undefined {
    if (this.#sending === undefined) return undefined;
    const found = this.opening(this.#sending, this.#own, now);
    return typeof found === 'string' ? undefined : { epoch: this.#sending, key: found.key };
  }

  /** What to open a sender's frame with, or why there is nothing. */
  opening(epoch: Epoch, sender: ParticipantId, now: Milliseconds): SenderKey | 'unknownEpoch' | 'noKey' {
    this.advance(now);
    const keys = this.#epochs.find((candidate) => candidate.epoch === epoch);
    return keys ? (keys.senders.get(sender) ?? 'noKey') : 'unknownEpoch';
  }

  /** Erases what is due, and says when the next epoch is. */
  advance(now: Milliseconds): Milliseconds | undefined {
    if (this.#epochs.some((keys) => keys.erasedAt !== undefined && keys.erasedAt <= now)) {
      this.#epochs = this.#epochs.filter((keys) => keys.erasedAt === undefined || keys.erasedAt > now);
    }
    return this.#epochs[0]?.erasedAt;
  }

  /** Erases the keys of one epoch at once. It does not begin again, because what was opened with it is forgotten. */
  retire(epoch: Epoch): void {
    this.#epochs = this.#epochs.filter((keys) => keys.epoch !== epoch);
  }

  /** Forgets every key: nothing is sealed or opened any more, until another group's epoch begins. Cryptors of before must not be used then. */
  clear(): void {
    this.#epochs = [];
    this.#newest = undefined;
    this.#sending = undefined;
  }
}
