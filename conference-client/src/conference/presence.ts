import type { Milliseconds, ParticipantId } from '../units.js';

/** How long somebody may be away from the call before the group goes on without them: reconnections take seconds. */
export const LEAVE_AFTER = 12_000;

/** Who is in the call, as the SFU says. It decides about keeping up, never about keys: a lie of the SFU costs availability. */
export class Presence {
  readonly #present = new Set<ParticipantId>();
  readonly #gone = new Map<ParticipantId, number>();
  /** False while nobody has said who is there: then everybody counts as present. */
  #known = false;

  /** Takes over who is in the call now. */
  update(participants: ReadonlySet<ParticipantId>, now: Milliseconds): void {
    this.#known = true;
    for (const participant of participants) {
      this.#gone.delete(participant);
      this.#present.add(participant);
    }
    for (const participant of this.#present) {
      if (participants.has(participant)) continue;
      this.#present.delete(participant);
      this.#gone.set(participant, now);
    }
  }

  /** Somebody said that they leave. */
  leave(participant: ParticipantId, now: Milliseconds): void {
    this.#present.delete(participant);
    this.#gone.set(participant, now - LEAVE_AFTER);
  }

  has(participant: ParticipantId): boolean {
    return !this.#known || this.#present.has(participant);
  }

  /** Whether somebody has been away for so long that they have left. Who was never seen is away from the first time of asking on. */
  hasLeft(participant: ParticipantId, now: Milliseconds): boolean {
    if (!this.#known || this.#present.has(participant)) return false;
    const since = this.#gone.get(participant);
    if (since === undefined) this.#gone.set(participant, now);
    return since !== undefined && now - since >= LEAVE_AFTER;
  }

  /** Forgets whoever is away and is in nobody's interest any more. */
  keep(interesting: ReadonlySet<ParticipantId>): void {
    for (const participant of this.#gone.keys()) if (!interesting.has(participant)) this.#gone.delete(participant);
  }
}
