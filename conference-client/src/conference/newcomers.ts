import type { KeyPackage } from 'ts-mls';
import type { Milliseconds, NostrPublicKey, ParticipantId } from '../units.js';

/** Somebody who sent a key package and wants to be added. */
export interface Newcomer {
  readonly publicKey: NostrPublicKey;
  readonly participant: ParticipantId;
  readonly keyPackage: KeyPackage;
  /** When it was sent last. */
  readonly at: Milliseconds;
}

/** A newcomer sends its key package again every few seconds; who is silent has gone. */
const SILENT_AFTER = 45_000;
const MOST = 512;

/** Those who want to be added, one for each key and for each participant. */
export class Newcomers {
  readonly #all = new Map<NostrPublicKey, Newcomer>();

  /** False when there are too many, or another key has said that it is this participant. */
  add(newcomer: Newcomer): boolean {
    for (const other of this.#all.values()) if (other.participant === newcomer.participant && other.publicKey !== newcomer.publicKey) return false;
    if (!this.#all.has(newcomer.publicKey) && this.#all.size >= MOST) return false;
    this.#all.set(newcomer.publicKey, newcomer);
    return true;
  }

  get(publicKey: NostrPublicKey): Newcomer | undefined {
    return this.#all.get(publicKey);
  }

  remove(publicKey: NostrPublicKey): void {
    this.#all.delete(publicKey);
  }

  /** Takes out who has gone, and gives them. */
  takeSilent(now: Milliseconds): Newcomer[] {
    const silent = [...this.#all.values()].filter(({ at }) => now - at > SILENT_AFTER);
    for (const { publicKey } of silent) this.#all.delete(publicKey);
    return silent;
  }

  clear(): void {
    this.#all.clear();
  }

  [Symbol.iterator](): IterableIterator<Newcomer> {
    return this.#all.values();
  }
}
