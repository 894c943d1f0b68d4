import { milliseconds, type Milliseconds } from '../units.js';

/** How long the same complaint is not made again. */
const QUIET: Milliseconds = milliseconds(10_000);

/** How many complaints are remembered. */
const REMEMBERED = 256;

/** Says whether a complaint is worth making, so that a broken track does not make thirty a second. */
export class Complaints {
  readonly #madeAt = new Map<string, Milliseconds>();

  due(complaint: string, now: Milliseconds): boolean {
    const last = this.#madeAt.get(complaint);
    if (last !== undefined && now - last < QUIET) return false;
    this.#madeAt.delete(complaint);
    const [oldest] = this.#madeAt.keys();
    if (oldest !== undefined && this.#madeAt.size >= REMEMBERED) this.#madeAt.delete(oldest);
    this.#madeAt.set(complaint, now);
    return true;
  }
}
