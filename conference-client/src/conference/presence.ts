import type { Milliseconds, ParticipantId } from '../units.js';

/** How long somebody may be away from the call before the group goes on without them: reconnections take seconds. */
export const LEAVE_AFTER = 12_000;

/** Who is there at least this long did not just flicker. */
const SETTLED_AFTER = 15_000;

/** Who is in the call, as the SFU says. It decides about keeping up, never about keys: a lie of the SFU costs availability. */
export class Presence {
  readonly #present = new Map<ParticipantId, Milliseconds>();
  readonly #gone = new Map<ParticipantId, number>();
  #known = false;

  /** False while nobody has said who is there: then everybody counts as present. */
  get known(): boolean {
    return this.#known;
  }

  /** Takes over who is in the call now. */
  update(participants: ReadonlySet<ParticipantId>, now: Milliseconds): void {
    this.#known = true;
    for (const participant of participants) {
      this.#gone.delete(participant);
      if (!this.#present.has(participant)) this.#present.set(participant, now);
    }
    for (const participant of this.#present.keys()) {
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

  /** Somebody's connection is interrupted: they are not settled any more, and have not left either. */
  interrupt(participant: ParticipantId): void {
    this.#present.delete(participant);
  }

  has(participant: ParticipantId): boolean {
    return !this.#known || this.#present.has(participant);
  }

  /** Whether somebody is there, and has been for a while. */
  isSettled(participant: ParticipantId, now: Milliseconds): boolean {
    if (!this.#known) return true;
    const since = this.#present.get(participant);
    return since !== undefined && now - since >= SETTLED_AFTER;
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
