import { milliseconds, type Epoch, type Milliseconds, type NostrPublicKey } from '../units.js';
import { SWITCH_AFTER } from './timing.js';

/** Decides when a member begins to send with a new epoch: when all others have it, or 2 s after it began. */
export class Switchover {
  #waiting: { readonly epoch: Epoch; readonly until: Milliseconds; readonly missing: Set<NostrPublicKey> }[] = [];
  #sending = false;

  get deadline(): Milliseconds | undefined {
    return this.#waiting[0]?.until;
  }

  /** An epoch began. The first one is sent with at once: there is no other. */
  begin(epoch: Epoch, others: readonly NostrPublicKey[], now: Milliseconds): Epoch | undefined {
    const missing = new Set(others);
    // Who is not in the new epoch need not have the ones before.
    for (const earlier of this.#waiting) for (const member of earlier.missing) if (!missing.has(member)) earlier.missing.delete(member);
    this.#waiting.push({ epoch, until: milliseconds(this.#sending ? now + SWITCH_AFTER : now), missing });
    this.#sending = true;
    return this.due(now);
  }

  /** A member that has an epoch has no use for the earlier ones either. */
  acknowledge(member: NostrPublicKey, epoch: Epoch, now: Milliseconds): Epoch | undefined {
    for (const waiting of this.#waiting) if (waiting.epoch <= epoch) waiting.missing.delete(member);
    return this.due(now);
  }

  /** The epoch to send with from now on, when it is another than before. */
  due(now: Milliseconds): Epoch | undefined {
    let found: Epoch | undefined;
    for (const waiting of [...this.#waiting]) {
      if (waiting.until > now && waiting.missing.size > 0) continue;
      found = waiting.epoch;
      this.#waiting = this.#waiting.filter(({ epoch }) => epoch > waiting.epoch);
    }
    return found;
  }

  reset(): void {
    this.#waiting = [];
    this.#sending = false;
  }
}
