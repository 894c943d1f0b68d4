import { milliseconds, type Epoch, type Milliseconds, type NostrPublicKey } from '../units.js';
import type { Effect, Input } from './messages.js';
import { Switchover } from './switchover.js';
import { BATCH, BETWEEN_COMMITS, EARLY_COMMITS, LONGEST_RETRY, RETRY, TURN, UPDATE_EVERY } from './timing.js';

type Phase = 'out' | 'idle' | 'preparing' | 'sending' | 'entering';

/**
 * Decides what one member does so that all go through the same epochs: who commits and when, what becomes of two commits for one
 * epoch, and when to send with new keys. The log gives the order: the first commit for each epoch wins. Takes inputs and the time,
 * returns effects; has no clock and does nothing by itself. Not for more than one thread.
 */
export class Ordering {
  readonly #own: NostrPublicKey;
  readonly #switchover = new Switchover();
  #phase: Phase = 'out';
  #epoch = 0 as Epoch;
  #roster: readonly NostrPublicKey[] = [];
  #banned: readonly NostrPublicKey[] = [];
  #entered = milliseconds(0);

  // What the next commit is for. Wishes of this user are not left to others.
  readonly #arrived = new Map<NostrPublicKey, Milliseconds>();
  readonly #left = new Map<NostrPublicKey, Milliseconds>();
  readonly #ban = new Set<NostrPublicKey>();
  readonly #readmit = new Set<NostrPublicKey>();
  #rekey = false;
  #update = milliseconds(0);

  readonly #early = new Map<Epoch, { readonly commit: Uint8Array }>();
  #retryAt: Milliseconds | undefined;
  #retries = 0;

  constructor(own: NostrPublicKey) {
    this.#own = own;
  }

  get epoch(): Epoch {
    return this.#epoch;
  }

  /** When to call with a tick, if nothing comes before. */
  get deadline(): Milliseconds | undefined {
    const moments = [this.#switchover.deadline, this.#retryAt, this.#phase === 'idle' ? this.#commitAt() : undefined];
    const known = moments.filter((moment) => moment !== undefined);
    return known.length > 0 ? milliseconds(Math.min(...known)) : undefined;
  }

  handle(input: Input, now: Milliseconds): Effect[] {
    const effects: Effect[] = [];
    this.#take(input, now, effects);
    this.#go(now, effects);
    return effects;
  }

  #take(input: Input, now: Milliseconds, effects: Effect[]): void {
    switch (input.kind) {
      case 'entered':
        return this.#enter(input, now, effects);
      case 'removed':
        return this.#stop();
      case 'arrived':
        if (!this.#roster.includes(input.publicKey) && !this.#ban.has(input.publicKey) && !this.#arrived.has(input.publicKey)) this.#arrived.set(input.publicKey, now);
        return;
      case 'withdrew':
        this.#arrived.delete(input.publicKey);
        return;
      case 'left':
        if (this.#roster.includes(input.publicKey) && !this.#left.has(input.publicKey)) this.#left.set(input.publicKey, now);
        return;
      case 'returned':
        this.#left.delete(input.publicKey);
        return;
      case 'ban':
        if (input.publicKey === this.#own) return;
        this.#readmit.delete(input.publicKey);
        this.#arrived.delete(input.publicKey);
        if (!this.#banned.includes(input.publicKey)) this.#ban.add(input.publicKey);
        return;
      case 'readmit':
        this.#ban.delete(input.publicKey);
        if (this.#banned.includes(input.publicKey)) this.#readmit.add(input.publicKey);
        return;
      case 'rekey':
        this.#rekey = true;
        return;
      case 'acknowledged':
        return this.#sendWith(this.#switchover.acknowledge(input.publicKey, input.epoch, now), effects);
      case 'passed':
        if (this.#phase === 'idle') this.#goAstray('passed', effects);
        return;
      case 'tick':
        return;
      default:
        return this.#answer(input, now, effects);
    }
  }

  /** What is about one epoch, and is old news in another. */
  #answer(input: Extract<Input, { epoch: Epoch }>, now: Milliseconds, effects: Effect[]): void {
    if (input.kind === 'ordered' && input.epoch > this.#epoch) return this.#keep(input.epoch, input.commit, now);
    if (input.epoch !== this.#epoch) return;
    switch (input.kind) {
      case 'prepared':
        if (this.#phase !== 'preparing') return;
        this.#phase = 'sending';
        effects.push({ kind: 'send', epoch: this.#epoch });
        return;
      case 'unfit':
        if (this.#phase !== 'preparing') return;
        this.#phase = 'idle';
        // With nobody named no commit can be made at all; trying the same again would not end.
        if (input.people.length === 0) this.#forgetWishes();
        for (const person of input.people) {
          this.#arrived.delete(person);
          this.#left.delete(person);
        }
        return;
      case 'won':
        if (this.#phase === 'sending') this.#win(effects);
        return;
      case 'lost':
        if (this.#phase === 'sending') this.#lose(input.winner, effects);
        return;
      case 'unsent':
        if (this.#phase === 'sending') this.#retryLater(now);
        return;
      case 'ordered':
        if (this.#phase === 'sending' && input.own) this.#win(effects);
        else if (this.#phase === 'sending') this.#lose(input.commit, effects);
        else if (this.#phase !== 'entering') this.#keep(input.epoch, input.commit, now);
        return;
      case 'refused':
        if (this.#phase === 'entering') this.#goAstray('refused', effects);
        return;
      default:
    }
  }

  #enter({ epoch, roster, banned }: Extract<Input, { kind: 'entered' }>, now: Milliseconds, effects: Effect[]): void {
    if (this.#phase === 'out') this.#update = milliseconds(now + UPDATE_EVERY);
    const before = this.#roster;
    this.#phase = 'idle';
    this.#epoch = epoch;
    this.#roster = roster;
    this.#banned = banned;
    this.#entered = now;
    this.#settleRetry();
    for (const earlier of this.#early.keys()) if (earlier < epoch) this.#early.delete(earlier);
    for (const person of [...roster, ...banned]) this.#arrived.delete(person);
    for (const gone of this.#left.keys()) if (!roster.includes(gone)) this.#left.delete(gone);
    // Not when they are out: somebody else's commit may have counted them as gone, and then they would come again.
    for (const person of banned) this.#ban.delete(person);
    for (const person of this.#readmit) if (!banned.includes(person)) this.#readmit.delete(person);
    effects.push({ kind: 'acknowledge', epoch });
    // Newcomers have no earlier keys, so waiting for them would only keep them waiting.
    this.#sendWith(this.#switchover.begin(epoch, roster.filter((member) => member !== this.#own && before.includes(member)), now), effects);
  }

  /** Whatever can be done now without waiting for anybody. */
  #go(now: Milliseconds, effects: Effect[]): void {
    this.#sendWith(this.#switchover.due(now), effects);
    if (this.#phase === 'sending' && this.#retryAt !== undefined && this.#retryAt <= now) {
      this.#retryAt = undefined;
      effects.push({ kind: 'send', epoch: this.#epoch });
    }
    if (this.#phase !== 'idle') return;
    const next = this.#early.get(this.#epoch);
    if (next) {
      this.#early.delete(this.#epoch);
      return this.#process(next.commit, effects);
    }
    // Commits of later epochs are there and this one is not: it was missed.
    if (this.#early.size > 0) {
      if (this.#retryAt === undefined || this.#retryAt <= now) {
        this.#retryLater(now);
        effects.push({ kind: 'fetch', from: this.#epoch });
      }
      return;
    }
    const at = this.#commitAt();
    if (at !== undefined && at <= now) this.#prepare(now, effects);
  }

  #prepare(now: Milliseconds, effects: Effect[]): void {
    this.#phase = 'preparing';
    this.#update = milliseconds(now + UPDATE_EVERY);
    const remove = [...this.#left.keys()].filter((member) => !this.#ban.has(member));
    effects.push({ kind: 'prepare', epoch: this.#epoch, add: [...this.#arrived.keys()], remove, ban: [...this.#ban], readmit: [...this.#readmit] });
  }

  /** When this member commits if nobody else does before. */
  #commitAt(): Milliseconds | undefined {
    if (this.#early.size > 0) return undefined;
    if (this.#rekey || this.#ban.size > 0 || this.#readmit.size > 0) return this.#entered;
    const since = Math.min(...this.#arrived.values(), ...this.#left.values());
    if (!Number.isFinite(since)) return this.#update;
    const staying = this.#roster.filter((member) => !this.#left.has(member));
    const turn = Math.max(0, staying.indexOf(this.#own));
    return milliseconds(Math.min(this.#update, Math.max(since + BATCH, this.#entered + BETWEEN_COMMITS) + turn * TURN));
  }

  #win(effects: Effect[]): void {
    this.#phase = 'entering';
    this.#rekey = false;
    this.#settleRetry();
    effects.push({ kind: 'adopt', epoch: this.#epoch });
  }

  /** Another one was first: its commit counts, and what was wanted here is wanted still, unless it did the same. */
  #lose(winner: Uint8Array, effects: Effect[]): void {
    effects.push({ kind: 'discard', epoch: this.#epoch });
    this.#process(winner, effects);
  }

  #process(commit: Uint8Array, effects: Effect[]): void {
    this.#phase = 'entering';
    this.#settleRetry();
    effects.push({ kind: 'process', epoch: this.#epoch, commit });
  }

  #keep(epoch: Epoch, commit: Uint8Array, now: Milliseconds): void {
    if (this.#early.size === 0 && epoch > this.#epoch && this.#phase === 'idle') this.#retryAt = milliseconds(now + RETRY);
    if (this.#early.size < EARLY_COMMITS) this.#early.set(epoch, { commit });
  }

  #sendWith(epoch: Epoch | undefined, effects: Effect[]): void {
    if (epoch !== undefined) effects.push({ kind: 'sendWith', epoch });
  }

  #retryLater(now: Milliseconds): void {
    this.#retryAt = milliseconds(now + Math.min(RETRY * 2 ** this.#retries, LONGEST_RETRY));
    this.#retries++;
  }

  #settleRetry(): void {
    this.#retryAt = undefined;
    this.#retries = 0;
  }

  #goAstray(cause: 'passed' | 'refused', effects: Effect[]): void {
    this.#stop();
    effects.push({ kind: 'astray', cause });
  }

  #stop(): void {
    this.#phase = 'out';
    this.#early.clear();
    this.#forgetWishes();
    this.#settleRetry();
    this.#switchover.reset();
  }

  #forgetWishes(): void {
    this.#arrived.clear();
    this.#left.clear();
    this.#ban.clear();
    this.#readmit.clear();
    this.#rekey = false;
  }
}
