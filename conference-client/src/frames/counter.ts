import type { Bytes, Epoch } from '../units.js';
import { writeHeader } from './format.js';

/** Fills an array with random bytes, as crypto.getRandomValues does. */
export type RandomSource = (bytes: Bytes) => void;

/**
 * Draws the four random bytes of each cryptor instance, never the same twice: all instances of one sender share one key, and
 * an IV that came twice under one key would give both frames away. One pool lives as long as the keys of one page.
 */
export class SaltPool {
  readonly #drawn = new Set<number>();
  readonly #random: RandomSource;

  constructor(random: RandomSource = (bytes) => void crypto.getRandomValues(bytes)) {
    this.#random = random;
  }

  draw(): number {
    const bytes = new Uint8Array(4);
    let salt: number;
    do {
      this.#random(bytes);
      salt = new DataView(bytes.buffer).getUint32(0);
    } while (this.#drawn.has(salt));
    this.#drawn.add(salt);
    return salt;
  }
}

/** Hands out the header, and so the IV, of every frame of one cryptor instance. Never hands out the same twice. */
export class FrameCounter {
  readonly #salt: number;
  readonly #limit: number;
  #epoch: Epoch | undefined;
  #count = 0;

  /** @param limit Frames in one epoch; only tests need fewer than the header can count. */
  constructor(salt: number, limit = 2 ** 32) {
    this.#salt = salt;
    this.#limit = limit;
  }

  /**
   * The header of the next frame, or undefined when this epoch has no more: then only a new epoch helps.
   * @throws RangeError when an epoch comes back after a later one, because its counts may have been used.
   */
  next(epoch: Epoch): Bytes | undefined {
    if (epoch !== this.#epoch) {
      if (this.#epoch !== undefined && epoch < this.#epoch) throw new RangeError('Epochs only go forward');
      this.#epoch = epoch;
      this.#count = 0;
    }
    if (this.#count >= this.#limit) return undefined;
    return writeHeader({ epoch, salt: this.#salt, count: this.#count++ });
  }
}
