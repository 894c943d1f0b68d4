import type { Candidate } from '../../src/mls/member.js';
import { MlsGroup, type PendingCommit } from '../../src/mls/group.js';
import { Refusal } from '../../src/mls/refusal.js';
import type { Effect, Input } from '../../src/ordering/messages.js';
import { Ordering } from '../../src/ordering/ordering.js';
import { epochNumber, milliseconds, type Epoch, type NostrPublicKey, type ParticipantId } from '../../src/units.js';
import { noon } from '../mls/people.js';
import type { SeededRandom } from '../support/random.js';

/** How bad the way between members and log is. */
export interface Weather {
  /** Milliseconds that a message takes at most, one way. */
  readonly delay: number;
  /** Of 100 messages, how many are lost. What streams is sent again after 2 s, as a stream that is opened again does. */
  readonly lost: number;
}

interface Entry {
  readonly commit: Uint8Array;
}

/** A member with real keys. Its time is the world's. */
export class Member {
  readonly ordering: Ordering;
  readonly publicKey: NostrPublicKey;
  group: MlsGroup | undefined;
  pending: PendingCommit | undefined;
  /** The epoch that frames are sealed with. */
  sending: Epoch | undefined;
  astray: string | undefined;
  /** Set once it was removed: on purpose, or because it was away. */
  out: 'banned' | 'gone' | undefined;
  received = { messages: 0, bytes: 0 };
  lastEntered = 0;

  constructor(publicKey: NostrPublicKey) {
    this.publicKey = publicKey;
    this.ordering = new Ordering(publicKey);
  }
}

/**
 * Members, a log that gives their commits one order, and a way between them that delays and loses. Time is a number that leaps to
 * whatever happens next, so nothing waits. Cryptography is real.
 */
export class World {
  readonly members: Member[] = [];
  readonly log: Entry[] = [];
  readonly waiting = new Map<NostrPublicKey, Candidate>();
  /** Who everybody is, or was, to the SFU. */
  readonly participants = new Map<NostrPublicKey, ParticipantId>();
  now = 0;
  conflicts = 0;
  readonly #events: { readonly at: number; readonly run: () => Promise<void> }[] = [];
  readonly #random: SeededRandom;
  readonly weather: Weather;

  constructor(random: SeededRandom, weather: Weather) {
    this.#random = random;
    this.weather = weather;
  }

  /** The members of a group that is already there. */
  async settle(groups: readonly MlsGroup[], keys: readonly NostrPublicKey[]): Promise<void> {
    for (let epoch = 0; epoch < (groups[0]?.epoch ?? 0); epoch++) this.log.push({ commit: new Uint8Array() });
    for (const [index, group] of groups.entries()) {
      const member = new Member(keys[index]!);
      this.members.push(member);
      await this.enter(member, group);
    }
  }

  /** Somebody asks to join; everybody in the group learns of it. */
  arrive(candidate: Candidate): void {
    this.waiting.set(candidate.publicKey, candidate);
    for (const member of this.members) this.#later(this.#delay(), () => this.tell(member, { kind: 'arrived', publicKey: candidate.publicKey }));
  }

  /** Everybody else notices that a member is gone; it is not any more, unless it only seems so. */
  depart(gone: Member, really = true): void {
    if (really) this.members.splice(this.members.indexOf(gone), 1);
    for (const member of this.members) if (member !== gone) this.#later(this.#delay(), () => this.tell(member, { kind: 'left', publicKey: gone.publicKey }));
  }

  async enter(member: Member, group: MlsGroup): Promise<void> {
    member.group = group;
    member.pending = undefined;
    member.lastEntered = this.now;
    for (const { publicKey, participant } of group.roster) this.participants.set(publicKey, participant);
    await this.tell(member, { kind: 'entered', epoch: group.epoch, roster: group.roster.map(({ publicKey }) => publicKey), banned: group.banned.map(({ publicKey }) => publicKey) });
  }

  async tell(member: Member, input: Input): Promise<void> {
    if (!this.members.includes(member)) return;
    for (const effect of member.ordering.handle(input, milliseconds(this.now))) await this.#perform(member, effect);
    const { deadline } = member.ordering;
    if (deadline !== undefined && deadline > this.now) this.#at(deadline, () => (member.ordering.deadline === deadline ? this.tell(member, { kind: 'tick' }) : Promise.resolve()));
  }

  at(time: number, run: () => void | Promise<void>): void {
    this.#at(time, async () => run());
  }

  /** A commit that comes to the log from elsewhere, and is the first of its epoch. */
  order(commit: Uint8Array): void {
    this.log.push({ commit });
    for (const reader of this.members) this.#stream(reader, this.log.length - 1);
  }

  /** Lets time pass until something is so. Fails when it is not within ten minutes. */
  async until(met: () => boolean): Promise<void> {
    const limit = this.now + 600_000;
    while (!met()) {
      const next = this.#events.shift();
      if (!next || next.at > limit) throw new Error(`nothing more happens that would change it (${this.now} ms)`);
      this.now = next.at;
      await next.run();
    }
  }

  /** Whether everybody is in the last epoch and sends with it. */
  get settled(): boolean {
    return this.members.every((member) => member.group?.epoch === this.log.length && member.sending === this.log.length);
  }

  async #perform(member: Member, effect: Effect): Promise<void> {
    switch (effect.kind) {
      case 'prepare': {
        const fit = effect.add.filter((publicKey) => this.waiting.has(publicKey));
        if (fit.length < effect.add.length) return this.tell(member, { kind: 'unfit', epoch: effect.epoch, people: effect.add.filter((publicKey) => !fit.includes(publicKey)) });
        const add = fit.map((publicKey) => this.waiting.get(publicKey)!.keyPackage);
        const remove = effect.remove.map((publicKey) => member.group!.memberWith(publicKey)!.leaf);
        const ban = effect.ban.map((publicKey) => ({ publicKey, participant: this.participants.get(publicKey)! }));
        member.pending = await member.group!.commit({ add, remove, ban, readmit: effect.readmit }, noon);
        return this.tell(member, { kind: 'prepared', epoch: effect.epoch });
      }
      case 'send':
        return this.#send(member, effect.epoch, member.pending!.commit);
      case 'adopt': {
        const { welcome, adopt } = member.pending!;
        const group = adopt();
        if (welcome) for (const { publicKey } of group.roster) if (this.waiting.has(publicKey)) this.#welcome(publicKey, welcome);
        return this.enter(member, group);
      }
      case 'discard':
        member.pending = undefined;
        this.conflicts++;
        return;
      case 'process': {
        try {
          const processed = await member.group!.process(effect.commit, noon);
          if (processed.kind === 'epoch') return this.enter(member, processed.group);
          member.out = processed.banned ? 'banned' : 'gone';
          return this.tell(member, { kind: 'removed' });
        } catch (error) {
          if (!(error instanceof Refusal)) throw error;
          return this.tell(member, { kind: 'refused', epoch: effect.epoch });
        }
      }
      case 'fetch':
        this.#later(this.#delay() * 2, async () => {
          for (let epoch = effect.from as number; epoch < this.log.length; epoch++) await this.#deliver(member, epoch);
        });
        return;
      case 'acknowledge':
        for (const other of this.members) {
          if (other === member || this.#loses()) continue;
          this.#later(this.#delay(), () => this.tell(other, { kind: 'acknowledged', publicKey: member.publicKey, epoch: effect.epoch }));
        }
        return;
      case 'sendWith':
        member.sending = effect.epoch;
        return;
      case 'astray':
        member.astray = effect.cause;
        return;
    }
  }

  /** A request to the log, of which either way may be lost; then its sender knows nothing after 3 s. */
  #send(member: Member, epoch: Epoch, commit: Uint8Array): void {
    const there = this.#loses() ? undefined : this.#delay();
    const back = this.#loses() ? undefined : this.#delay();
    let winner: Uint8Array | undefined;
    if (there !== undefined) {
      this.#later(there, async () => {
        if (this.log.length === epoch) {
          this.log.push({ commit });
          for (const reader of this.members) this.#stream(reader, epoch);
        }
        winner = this.log[epoch]?.commit;
      });
    }
    if (there === undefined || back === undefined) return this.#later(3000, () => this.tell(member, { kind: 'unsent', epoch }));
    this.#later(there + back, () => this.tell(member, winner === commit ? { kind: 'won', epoch } : { kind: 'lost', epoch, winner: winner! }));
  }

  #stream(member: Member, epoch: number): void {
    this.#later(this.#loses() ? 2000 + this.#delay() : this.#delay(), () => this.#deliver(member, epoch));
  }

  #deliver(member: Member, epoch: number): Promise<void> {
    const { commit } = this.log[epoch]!;
    member.received.messages++;
    member.received.bytes += commit.length;
    return this.tell(member, { kind: 'ordered', epoch: epochNumber(epoch), commit, own: commit === member.pending?.commit });
  }

  #welcome(publicKey: NostrPublicKey, welcome: Uint8Array): void {
    const candidate = this.waiting.get(publicKey)!;
    this.waiting.delete(publicKey);
    this.#later(this.#delay(), async () => {
      const group = await MlsGroup.join(welcome, candidate, noon);
      const member = new Member(publicKey);
      member.received = { messages: 1, bytes: welcome.length };
      this.members.push(member);
      await this.enter(member, group);
      // It reads the log from its first epoch on, and sees who else is waiting.
      for (let epoch = group.epoch as number; epoch < this.log.length; epoch++) this.#stream(member, epoch);
      for (const other of this.waiting.keys()) await this.tell(member, { kind: 'arrived', publicKey: other });
    });
  }

  #delay(): number {
    return this.#random.below(this.weather.delay + 1);
  }

  #loses(): boolean {
    return this.#random.below(100) < this.weather.lost;
  }

  #later(after: number, run: () => Promise<void>): void {
    this.#at(this.now + after, run);
  }

  #at(at: number, run: () => Promise<void>): void {
    // Behind everything that happens at the same moment or before.
    let [low, high] = [0, this.#events.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#events[middle]!.at <= at) low = middle + 1;
      else high = middle;
    }
    this.#events.splice(low, 0, { at, run });
  }
}
