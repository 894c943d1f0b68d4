import { milliseconds, type Bytes, type Epoch, type Milliseconds, type ParticipantId } from '../units.js';
import { ReplayWindow } from './replay.js';

/** How long the keys of an epoch outlive it, for frames that were under way. */
export const ERASE_AFTER: Milliseconds = milliseconds(10_000);

/** How many cryptor instances of one sender are remembered in one epoch: each is a track that was published. */
export const INSTANCES_PER_SENDER = 256;

/** Imports the 32 bytes of a frame key. Done once for each key: the result opens and seals any number of frames, and cannot be read. */
export function importFrameKey(raw: Bytes): Promise<CryptoKey> {
  if (raw.length !== 32) throw new RangeError('A frame key has 32 bytes');
  return crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt']);
}

/** The key of one sender in one epoch, with what was already opened with it. */
export class SenderKey {
  readonly key: CryptoKey;
  readonly #windows = new Map<number, ReplayWindow>();

  constructor(key: CryptoKey) {
    this.key = key;
  }

  /** The window of a cryptor instance, new for an instance of which nothing authenticated yet; undefined when there are too many. */
  window(salt: number): ReplayWindow | undefined {
    const known = this.#windows.get(salt);
    if (known) return known;
    return this.#windows.size < INSTANCES_PER_SENDER ? new ReplayWindow() : undefined;
  }

  /**
   * Remembers a frame that authenticated; false when it is a replay. The windows belong to the sender and not to the track it
   * arrived on: an SFU that sends a frame again on another track of the same source gets nowhere.
   */
  accept(salt: number, count: number): boolean {
    let window = this.#windows.get(salt);
    if (!window) {
      if (this.#windows.size >= INSTANCES_PER_SENDER) return false;
      window = new ReplayWindow();
      this.#windows.set(salt, window);
    }
    return window.accept(count);
  }
}

interface EpochKeys {
  readonly epoch: Epoch;
  readonly senders: Map<ParticipantId, SenderKey>;
  erasedAt: Milliseconds | undefined;
}

/**
 * The frame keys of one MLS group on one device. Epochs only go forward; a group that starts anew gets a new ring and new
 * cryptors. Not for more than one thread.
 */
export class KeyRing {
  readonly #own: ParticipantId;
  #epochs: EpochKeys[] = [];
  #sending: Epoch | undefined;

  constructor(own: ParticipantId) {
    this.#own = own;
  }

  /** The epoch that frames are sealed with. */
  get sendingEpoch(): Epoch | undefined {
    return this.#sending;
  }

  /** The newest epoch that has begun here. */
  get newestEpoch(): Epoch | undefined {
    return this.#epochs.at(-1)?.epoch;
  }

  /**
   * An epoch begins: its keys open frames from now on, and the earlier ones end. Whoever has no key in it is no member any more,
   * and its older frames are not opened either.
   * @throws RangeError when the epoch is not newer than all before.
   */
  begin(epoch: Epoch, keys: ReadonlyMap<ParticipantId, CryptoKey>, now: Milliseconds): void {
    const newest = this.newestEpoch;
    if (newest !== undefined && epoch <= newest) throw new RangeError('Epochs only go forward');
    this.advance(now);
    for (const earlier of this.#epochs) {
      earlier.erasedAt ??= milliseconds(now + ERASE_AFTER);
      for (const sender of earlier.senders.keys()) {
        if (!keys.has(sender)) earlier.senders.delete(sender);
      }
    }
    const senders = new Map([...keys].map(([sender, key]) => [sender, new SenderKey(key)]));
    this.#epochs.push({ epoch, senders, erasedAt: undefined });
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

  /** Forgets every key: nothing is sealed or opened any more. */
  clear(): void {
    this.#epochs = [];
    this.#sending = undefined;
  }
}
