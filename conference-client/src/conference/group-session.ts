import type { LogHead } from '../api/answers.js';
import type { Letter } from '../mail/letter.js';
import type { BannedMember } from '../mls/banned.js';
import type { MlsGroup } from '../mls/group.js';
import { decodeKeyPackage, publicKeyOf } from '../mls/member.js';
import { Refusal } from '../mls/refusal.js';
import type { Epoch, NostrPublicKey, ParticipantId } from '../units.js';
import { Bans } from './bans.js';
import { Entrance } from './entrance.js';
import { FrameKeysInOrder } from './frame-keys.js';
import type { Found } from './group-info.js';
import { Membership, type Lost } from './membership.js';
import { Newcomers } from './newcomers.js';
import { Presence } from './presence.js';
import type { SessionPorts } from './session-ports.js';
import type { SessionState } from './session-state.js';

const SWEEP = 1000;

/** One person's part in the group of one room: comes in, stays in, comes back, and begins anew when the log was lost. */
export class GroupSession {
  readonly #ports: SessionPorts;
  readonly #keys: FrameKeysInOrder;
  readonly #newcomers = new Newcomers();
  readonly #presence = new Presence();
  readonly #closing = new AbortController();
  readonly #bans: Bans;
  #state: SessionState = 'entering';
  #incarnation: string | undefined;
  readonly #entrance: Entrance;
  #membership: Membership | undefined;
  #group: MlsGroup | undefined;
  #sweeper: ReturnType<typeof setInterval> | undefined;

  constructor(ports: SessionPorts) {
    this.#ports = ports;
    this.#bans = new Bans(ports.own);
    this.#keys = new FrameKeysInOrder(ports.keys);
    this.#entrance = new Entrance({
      ports,
      bans: this.#bans,
      presence: this.#presence,
      hasGroup: () => this.#group !== undefined,
      stand: (state) => this.#set(state),
      told: (head) => this.#stand(head),
      join: (incarnation, group) => this.#join(incarnation, group),
    });
  }

  get state(): SessionState {
    return this.#state;
  }

  /** The group as it was known last, also while this member is on the way back into it; undefined before, and when there is another. */
  get group(): MlsGroup | undefined {
    return this.#group;
  }

  get incarnation(): string | undefined {
    return this.#incarnation;
  }

  /** Begins. Returns when the log and a way for letters are open; becoming a member goes on from there. */
  async start(): Promise<void> {
    const { log, post } = this.#ports;
    const [found] = await Promise.all([log.groupInfo(), post.start((letter) => void this.#receive(letter))]);
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP);
    this.#begin(found.head.incarnation, found);
    void this.#follow(found.head.nextEpoch);
  }

  close(): void {
    this.#closing.abort();
    this.#entrance.cancel();
    clearInterval(this.#sweeper);
    this.#membership?.close();
    this.#membership = undefined;
    this.#ports.post.close();
  }

  /** Who is in the call now, this member among them when it is connected. */
  setPresent(participants: ReadonlySet<ParticipantId>): void {
    this.#presence.update(participants, this.#ports.clock.monotonic());
    for (const newcomer of this.#newcomers) this.#announce(newcomer.publicKey);
    for (const { publicKey, participant } of this.#group?.roster ?? []) {
      if (this.#presence.has(participant)) this.#membership?.tell({ kind: 'returned', publicKey });
    }
    this.#sweep();
  }

  /** A participant said that it leaves. */
  hasLeft(participant: ParticipantId): void {
    this.#presence.leave(participant, this.#ports.clock.monotonic());
    this.#sweep();
  }

  /** A participant said that it has the keys of an epoch. */
  acknowledged(participant: ParticipantId, epoch: Epoch): void {
    const member = this.#group?.roster.find((entry) => entry.participant === participant);
    if (member) this.#membership?.tell({ kind: 'acknowledged', publicKey: member.publicKey, epoch });
  }

  /** Who was taken out on purpose, the longest ago first. */
  get banned(): readonly BannedMember[] {
    return this.#bans.all;
  }

  /** The Nostr key of a participant that is in the group, or asks to be. */
  keyOf(participant: ParticipantId): NostrPublicKey | undefined {
    return [...(this.#group?.roster ?? []), ...this.#newcomers].find((one) => one.participant === participant)?.publicKey;
  }

  /** Takes somebody out of the group on purpose: every member keeps them out from then on. */
  remove(member: BannedMember): void {
    if (member.publicKey === this.#ports.own) return;
    this.#bans.ban(member);
    this.#membership?.tell({ kind: 'ban', publicKey: member.publicKey });
    this.#ports.changed();
  }

  /** Somebody who was taken out may come again. */
  readmit(publicKey: NostrPublicKey): void {
    this.#bans.readmit(publicKey);
    this.#membership?.tell({ kind: 'readmit', publicKey });
    this.#ports.changed();
  }

  /** Gives this member new keys now. */
  rekey(): void {
    this.#membership?.tell({ kind: 'rekey' });
  }

  async #follow(from: number): Promise<void> {
    const look = () => void this.#ports.lookForMail().catch(() => undefined);
    for await (const told of this.#ports.log.follow(from, this.#closing.signal, (error) => !error && look())) {
      if (told.kind === 'log' || told.kind === 'commit') this.#entrance.wake();
      if (told.kind === 'log') this.#stand(told.head);
      else if (told.kind === 'commit') this.#membership?.ordered(told.commit.epoch, told.commit.commit);
      else if (told.kind === 'mail') look();
      else {
        this.#set('ended');
        void this.#keys.clear();
        this.close();
        this.#ports.ended(told.error);
      }
    }
  }

  /** Where the log stands: perhaps it is another one, or has lost what is missing here. */
  #stand(head: LogHead): void {
    if (head.incarnation !== this.#incarnation) this.#begin(head.incarnation);
    else if (this.#membership && this.#membership.group.epoch < head.firstEpoch) this.#membership.tell({ kind: 'passed' });
  }

  /** A log that is new here: whatever group there was belonged to another one. */
  #begin(incarnation: string, found?: Found): void {
    if (this.#incarnation !== undefined) void this.#keys.clear();
    this.#incarnation = incarnation;
    this.#newcomers.clear();
    this.#bans.startAnew();
    this.#entrance.startAnew();
    this.#group = undefined;
    this.#enterFrom(incarnation, found);
  }

  #enterFrom(incarnation: string, found?: Found): void {
    this.#membership?.close();
    this.#membership = undefined;
    this.#entrance.enter(incarnation, found);
  }

  async #join(incarnation: string, group: MlsGroup): Promise<void> {
    const membership = new Membership(
      {
        log: this.#ports.log,
        invitation: this.#ports.invitation,
        newcomers: this.#newcomers,
        bans: this.#bans,
        keys: this.#keys,
        clock: this.#ports.clock,
        send: (letters) => void this.#ports.post.send(letters).catch(() => undefined),
        acknowledge: (epoch) => this.#ports.acknowledge(epoch),
        entered: (now) => this.#entered(now),
        lost: (how) => this.#lost(how),
      },
      incarnation,
      group,
      this.#ports.own,
    );
    this.#membership?.close();
    this.#membership = membership;
    await membership.start();
    for (const publicKey of this.#bans.wanted) membership.tell({ kind: 'ban', publicKey });
    for (const publicKey of this.#bans.readmitted) membership.tell({ kind: 'readmit', publicKey });
    for (const { publicKey } of this.#newcomers) this.#announce(publicKey);
  }

  #entered(group: MlsGroup): void {
    this.#bans.take(group.banned);
    this.#entrance.entered(group.epoch);
    this.#state = 'member';
    this.#group = group;
    this.#ports.changed();
  }

  #lost(how: Lost): void {
    const epoch = this.#membership?.group.epoch;
    this.#membership = undefined;
    if (this.#incarnation === undefined || this.#closing.signal.aborted) return;
    if (how === 'removed' || how === 'banned') {
      void this.#keys.clear();
      this.#group = undefined;
    }
    this.#entrance.lost(how, epoch);
    this.#enterFrom(this.#incarnation);
  }

  async #receive(letter: Letter & { readonly from: NostrPublicKey }): Promise<void> {
    if (letter.incarnation !== this.#incarnation) return;
    if (letter.kind === 'welcome') {
      // Who is a member has no use for a second one.
      if (!this.#membership) await this.#entrance.takeWelcome(letter.incarnation, letter.body);
      return;
    }
    const group = this.#membership?.group;
    const keyPackage = decodeKeyPackage(letter.body);
    if (!group || !keyPackage || publicKeyOf(keyPackage.leafNode) !== letter.from) return;
    try {
      const { publicKey, participant } = await group.checkCandidate(keyPackage, this.#ports.clock.now());
      if (this.#newcomers.add({ publicKey, participant, keyPackage, at: this.#ports.clock.monotonic() })) this.#announce(publicKey);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
    }
  }

  /** Tells the ordering about a newcomer who may be added. */
  #announce(publicKey: NostrPublicKey): void {
    const newcomer = this.#newcomers.get(publicKey);
    if (newcomer && this.#presence.has(newcomer.participant)) this.#membership?.tell({ kind: 'arrived', publicKey });
  }

  /** What only time brings: members and newcomers that have gone, proofs that end. */
  #sweep(): void {
    const group = this.#membership?.group;
    const { clock, own } = this.#ports;
    const now = clock.monotonic();
    if (!group || !this.#membership) return;
    const expiring = new Set(group.expiring(clock.now()).map(({ publicKey }) => publicKey));
    for (const { publicKey, participant } of group.roster) {
      if (publicKey !== own && (this.#presence.hasLeft(participant, now) || expiring.has(publicKey))) this.#membership.tell({ kind: 'left', publicKey });
    }
    this.#presence.keep(new Set(group.roster.map(({ participant }) => participant)));
    for (const { publicKey } of this.#newcomers.takeSilent(now)) this.#membership.tell({ kind: 'withdrew', publicKey });

    // A fifth before the own proof ends a new one takes its place, by coming back in the own place.
    const entry = group.memberWith(own);
    if (entry && this.#incarnation !== undefined && entry.expiresAt - clock.now() < this.#ports.proofSeconds / 5) this.#enterFrom(this.#incarnation);
  }

  #set(state: SessionState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#ports.changed();
  }
}
