import { bytesToHex } from 'nostr-tools/utils';
import type { GroupLog } from '../api/commit-log.js';
import type { Invitation } from '../mail/invitation.js';
import type { Letter } from '../mail/letter.js';
import type { MlsGroup, PendingCommit } from '../mls/group.js';
import { Refusal } from '../mls/refusal.js';
import { welcomeFor } from '../mls/welcome.js';
import type { Effect, Input, Wishes } from '../ordering/messages.js';
import { Ordering } from '../ordering/ordering.js';
import { epochNumber, type Epoch, type NostrPublicKey, type ParticipantId } from '../units.js';
import type { Bans } from './bans.js';
import type { Clock } from './clock.js';
import type { FrameKeys } from './frame-keys.js';
import { sealGroupInfo } from './group-info.js';
import type { Newcomer, Newcomers } from './newcomers.js';

/** How a membership ended. */
export type Lost = 'removed' | 'banned' | 'passed' | 'refused';

/** What a membership needs from around it. */
export interface Surroundings {
  readonly log: GroupLog;
  readonly invitation: Invitation;
  readonly newcomers: Newcomers;
  readonly bans: Bans;
  readonly keys: FrameKeys;
  readonly clock: Clock;
  /** Sends letters; failures are the receivers' to notice, who ask again. */
  send(letters: readonly { readonly to: NostrPublicKey; readonly letter: Letter }[]): void;
  /** Tells the others that the keys of an epoch are here. */
  acknowledge(epoch: Epoch): void;
  /** An epoch began. */
  entered(group: MlsGroup): void;
  /** It is over; nothing more comes from it. */
  lost(how: Lost): void;
}

/**
 * One member in one group, from when it enters until it is lost: carries out what the ordering decides, one thing after the other. What
 * goes over the network goes on beside it and comes back as an input.
 */
export class Membership {
  readonly incarnation: string;
  readonly #around: Surroundings;
  readonly #ordering: Ordering;
  readonly #inputs: Input[] = [];
  #group: MlsGroup;
  #pending: { readonly commit: PendingCommit; readonly info: Uint8Array; readonly added: readonly Newcomer[] } | undefined;
  #running = false;
  #closed = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(around: Surroundings, incarnation: string, group: MlsGroup, own: NostrPublicKey) {
    this.#around = around;
    this.incarnation = incarnation;
    this.#group = group;
    this.#ordering = new Ordering(own);
  }

  get group(): MlsGroup {
    return this.#group;
  }

  /** Begins with the group's epoch, and catches up with the log. */
  async start(): Promise<void> {
    await this.#enter(this.#group);
    void this.#run();
    this.#fetch(this.#group.epoch);
  }

  tell(input: Input): void {
    if (this.#closed) return;
    this.#inputs.push(input);
    void this.#run();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    try {
      for (let input = this.#inputs.shift(); input && !this.#closed; input = this.#inputs.shift()) {
        for (const effect of this.#ordering.handle(input, this.#around.clock.monotonic())) await this.#perform(effect);
      }
    } finally {
      this.#running = false;
    }
    this.#wait();
  }

  #wait(): void {
    clearTimeout(this.#timer);
    const { deadline } = this.#ordering;
    if (this.#closed || deadline === undefined) return;
    this.#timer = setTimeout(() => this.tell({ kind: 'tick' }), Math.max(0, deadline - this.#around.clock.monotonic()) + 1);
  }

  async #perform(effect: Effect): Promise<void> {
    if (this.#closed) return;
    switch (effect.kind) {
      case 'prepare':
        return this.#prepare(effect.epoch, effect);
      case 'send':
        return this.#send(effect.epoch);
      case 'adopt':
        return this.#adopt();
      case 'discard':
        this.#pending = undefined;
        return;
      case 'process':
        return this.#process(effect.epoch, effect.commit);
      case 'fetch':
        return this.#fetch(effect.from);
      case 'acknowledge':
        return this.#around.acknowledge(effect.epoch);
      case 'sendWith':
        return this.#around.keys.sendWith(effect.epoch);
      case 'astray':
        return this.#lose(effect.cause);
    }
  }

  async #prepare(epoch: Epoch, { add, remove, ban, readmit }: Wishes): Promise<void> {
    const { newcomers, bans, clock, invitation } = this.#around;
    const added = add.map((publicKey) => newcomers.get(publicKey)).filter((found) => found !== undefined);
    if (added.length < add.length) return this.tell({ kind: 'unfit', epoch, people: add.filter((publicKey) => !newcomers.get(publicKey)) });
    const leaves = remove.flatMap((publicKey) => this.#group.memberWith(publicKey)?.leaf ?? []);
    try {
      const changes = { add: added.map(({ keyPackage }) => keyPackage), remove: leaves, ban: ban.flatMap((publicKey) => bans.find(publicKey) ?? []), readmit };
      const commit = await this.#group.commit(changes, clock.now());
      const info = await sealGroupInfo(invitation, this.incarnation, epoch + 1, await commit.groupInfo());
      this.#pending = { commit, info, added };
      this.tell({ kind: 'prepared', epoch });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.tell({ kind: 'unfit', epoch, people: await this.#unfit(added) });
    }
  }

  /** Of those who should be added, who cannot be; all when it is nobody's fault alone. */
  async #unfit(added: readonly Newcomer[]): Promise<NostrPublicKey[]> {
    const now = this.#around.clock.now();
    const checks = added.map(({ keyPackage, publicKey }) => this.#group.checkCandidate(keyPackage, now).then(() => undefined, () => publicKey));
    const unfit = (await Promise.all(checks)).filter((publicKey) => publicKey !== undefined);
    const people = unfit.length > 0 ? unfit : added.map(({ publicKey }) => publicKey);
    for (const publicKey of people) this.#around.newcomers.remove(publicKey);
    return people;
  }

  #send(epoch: Epoch): void {
    const pending = this.#pending;
    if (!pending) return this.tell({ kind: 'unsent', epoch });
    void this.#around.log.append(this.incarnation, epoch, pending.commit.commit, pending.info).then(
      (ordered) => {
        if (ordered.kind === 'first') return this.tell({ kind: 'won', epoch });
        if (ordered.kind === 'taken' && ordered.winner) return this.tell(this.#same(ordered.winner.commit) ? { kind: 'won', epoch } : { kind: 'lost', epoch, winner: ordered.winner.commit });
        // The epoch is long over, and what ended it is gone.
        if (ordered.head.incarnation === this.incarnation && ordered.head.firstEpoch > epoch) return this.#lose('passed');
        this.tell({ kind: 'unsent', epoch });
      },
      () => this.tell({ kind: 'unsent', epoch }),
    );
  }

  async #adopt(): Promise<void> {
    const pending = this.#pending;
    this.#pending = undefined;
    if (!pending) return;
    const { welcome } = pending.commit;
    const group = pending.commit.adopt();
    if (welcome) {
      const letters = pending.added.map(async ({ publicKey, keyPackage }) => {
        const body = await welcomeFor(welcome, keyPackage);
        return { to: publicKey, letter: { kind: 'welcome' as const, incarnation: this.incarnation, body } };
      });
      this.#around.send(await Promise.all(letters));
    }
    await this.#enter(group);
  }

  async #process(epoch: Epoch, commit: Uint8Array): Promise<void> {
    try {
      const processed = await this.#group.process(commit, this.#around.clock.now());
      if (processed.kind === 'epoch') return await this.#enter(processed.group);
      this.tell({ kind: 'removed' });
      this.#lose(processed.banned ? 'banned' : 'removed');
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.tell({ kind: 'refused', epoch });
    }
  }

  async #enter(group: MlsGroup): Promise<void> {
    this.#group = group;
    const own = await group.takeFrameKeys();
    const keys = new Map(group.roster.flatMap(({ publicKey, participant }): [ParticipantId, Uint8Array<ArrayBuffer>][] => {
      const key = own.get(publicKey);
      return key ? [[participant, key]] : [];
    }));
    if (this.#closed) return;
    await this.#around.keys.begin(group.epoch, keys);
    const [roster, banned] = [group.roster, group.banned].map((people) => people.map(({ publicKey }) => publicKey)) as [NostrPublicKey[], NostrPublicKey[]];
    for (const publicKey of [...roster, ...banned]) this.#around.newcomers.remove(publicKey);
    this.#around.entered(group);
    // Before anything else that has come meanwhile.
    this.#inputs.unshift({ kind: 'entered', epoch: group.epoch, roster, banned });
  }

  #fetch(from: Epoch): void {
    void this.#around.log.read(from).then(
      (page) => {
        if (!page) return this.tell({ kind: 'passed' });
        if (page.head.incarnation !== this.incarnation) return;
        for (const { epoch, commit } of page.commits) this.ordered(epoch, commit);
        const last = page.commits.at(-1)?.epoch;
        if (last !== undefined && last < page.head.nextEpoch - 1) this.#fetch(epochNumber(last + 1));
      },
      // The ordering asks again while something is missing.
      () => undefined,
    );
  }

  /** A commit in its place in the log. */
  ordered(epoch: number, commit: Uint8Array): void {
    this.tell({ kind: 'ordered', epoch: epochNumber(epoch), commit, own: this.#same(commit) });
  }

  #same(commit: Uint8Array): boolean {
    return this.#pending !== undefined && bytesToHex(this.#pending.commit.commit) === bytesToHex(commit);
  }

  #lose(how: Lost): void {
    if (this.#closed) return;
    this.close();
    this.#around.lost(how);
  }
}
