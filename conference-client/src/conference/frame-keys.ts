import type { Bytes, Epoch, ParticipantId } from '../units.js';

/** Where frame keys go: `FrameEncryption` of a call, or what a program without media has in its place. */
export interface FrameKeys {
  begin(epoch: Epoch, keys: ReadonlyMap<ParticipantId, Bytes>): Promise<void>;
  sendWith(epoch: Epoch): Promise<void>;
  clear(): Promise<void>;
}

/** Hands everything on in the order in which it was asked for, each when the one before is done. */
export class FrameKeysInOrder implements FrameKeys {
  readonly #keys: FrameKeys;
  #last: Promise<void> = Promise.resolve();

  constructor(keys: FrameKeys) {
    this.#keys = keys;
  }

  begin(epoch: Epoch, keys: ReadonlyMap<ParticipantId, Bytes>): Promise<void> {
    return this.#then(() => this.#keys.begin(epoch, keys));
  }

  sendWith(epoch: Epoch): Promise<void> {
    return this.#then(() => this.#keys.sendWith(epoch));
  }

  clear(): Promise<void> {
    return this.#then(() => this.#keys.clear());
  }

  #then(run: () => Promise<void>): Promise<void> {
    const done = this.#last.then(run);
    this.#last = done.catch(() => undefined);
    return done;
  }
}
