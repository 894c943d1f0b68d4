import { withBanned, type BannedMember } from '../mls/banned.js';
import type { RosterEntry } from '../mls/group.js';
import type { NostrPublicKey } from '../units.js';

/**
 * Who was taken out of a room's group on purpose, as one session knows it, and what of that the group has still to be told: what the
 * user decided, until an epoch has it, and what an earlier group of the room had, which a server that begins the log anew must not make
 * anybody forget.
 */
export class Bans {
  readonly #own: NostrPublicKey;
  #list: readonly BannedMember[] = [];
  readonly #carried = new Map<NostrPublicKey, BannedMember>();
  readonly #wanted = new Map<NostrPublicKey, BannedMember>();
  readonly #readmitted = new Set<NostrPublicKey>();

  constructor(own: NostrPublicKey) {
    this.#own = own;
  }

  /** All of them, the longest ago first. */
  get all(): readonly BannedMember[] {
    return withBanned(this.#list, [...this.#pending.values()], [...this.#readmitted]);
  }

  /** Those whom the group has still to take out. */
  get wanted(): readonly NostrPublicKey[] {
    return [...this.#pending.keys()];
  }

  /** Those whom the group has still to let back. */
  get readmitted(): readonly NostrPublicKey[] {
    return [...this.#readmitted];
  }

  /** Who somebody is who has still to be taken out; undefined when that is done, or wanted no more. */
  find(publicKey: NostrPublicKey): BannedMember | undefined {
    return this.#pending.get(publicKey);
  }

  ban({ publicKey, participant }: BannedMember): void {
    this.#readmitted.delete(publicKey);
    this.#wanted.set(publicKey, { publicKey, participant });
  }

  readmit(publicKey: NostrPublicKey): void {
    this.#carried.delete(publicKey);
    this.#wanted.delete(publicKey);
    if (this.#list.some((banned) => banned.publicKey === publicKey)) this.#readmitted.add(publicKey);
  }

  /** Takes over the list that a group has. */
  take(list: readonly BannedMember[]): void {
    this.#list = list;
    for (const { publicKey } of list) for (const pending of [this.#carried, this.#wanted]) pending.delete(publicKey);
    for (const publicKey of this.#readmitted) if (!list.some((banned) => banned.publicKey === publicKey)) this.#readmitted.delete(publicKey);
  }

  /** The group is over, and another one of the room begins, with the same people out. */
  startAnew(): void {
    for (const banned of this.#list) if (banned.publicKey !== this.#own && !this.#readmitted.has(banned.publicKey)) this.#carried.set(banned.publicKey, banned);
    this.#list = [];
    this.#readmitted.clear();
  }

  /** Whether somebody is among these whom an earlier group had taken out: then they were not formed by people who know of it. */
  areAmong(roster: readonly RosterEntry[]): boolean {
    return roster.some(({ publicKey }) => this.#carried.has(publicKey));
  }

  get #pending(): ReadonlyMap<NostrPublicKey, BannedMember> {
    return new Map([...this.#carried, ...this.#wanted]);
  }
}
