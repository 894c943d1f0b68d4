import type { LogHead } from '../api/answers.js';
import type { CommitLog } from '../api/commit-log.js';
import { pause } from '../api/http.js';
import { RoomApiError } from '../api/problem.js';
import type { Invitation } from '../mail/invitation.js';
import type { Letter } from '../mail/letter.js';
import type { PostOffice } from '../mail/post-office.js';
import { MlsGroup, type RosterEntry } from '../mls/group.js';
import { decodeKeyPackage, encodeKeyPackage, makeCandidate, publicKeyOf, type Candidate } from '../mls/member.js';
import { Refusal } from '../mls/refusal.js';
import type { NostrSigner } from '../mls/signer.js';
import { milliseconds, type Epoch, type NostrPublicKey, type ParticipantId } from '../units.js';
import type { Clock } from './clock.js';
import { FrameKeysInOrder, type FrameKeys } from './frame-keys.js';
import { openGroupInfo, sealGroupInfo } from './group-info.js';
import { Membership, type Lost } from './membership.js';
import { Newcomers } from './newcomers.js';
import { Presence } from './presence.js';

/**
 * Where somebody stands with the room's group.
 * - entering: on the way in, by themselves.
 * - waiting: a member has to add them, and was asked to.
 * - alone: nobody who has the keys is in the call, so nobody can add them.
 * - member: in the group.
 * - broken: nobody can go on with the group; a host or moderator has to start it anew.
 * - stranger: the invitation does not fit this room's group.
 * - removed: a member took them out.
 * - ended: the room is over, or they were put out of it.
 */
export type SessionState = 'entering' | 'waiting' | 'alone' | 'member' | 'broken' | 'stranger' | 'removed' | 'ended';

/** What a session needs, and whom it tells. */
export interface SessionPorts {
  readonly log: CommitLog;
  readonly post: PostOffice;
  readonly invitation: Invitation;
  readonly signer: NostrSigner;
  readonly own: NostrPublicKey;
  /** Who this member is to the SFU. */
  readonly participant: ParticipantId;
  readonly keys: FrameKeys;
  readonly clock: Clock;
  /** For how long a proof is made, in seconds. */
  readonly proofSeconds: number;
  /** Whether this member may start the log anew. */
  isModerator(): boolean;
  /** Looks for mail. */
  lookForMail(): Promise<void>;
  acknowledge(epoch: Epoch): void;
  /** State, epoch or roster are others than before. */
  changed(): void;
  /** Nothing more comes: the room ended, or this member was put out of it. */
  ended(error: RoomApiError): void;
}

/** How many members are asked at once to add a newcomer. The first in the roster commits, the others are there in case it has gone. */
const ASKED = 4;
/** How long a newcomer waits before it asks others, in milliseconds. */
const ASK_AGAIN = 4000;
/** How long a newcomer looks for members in the call before it says that there is none. */
const ALONE_AFTER = 4000;
/** How long a newcomer who may start the group anew waits for an answer of members who are there. */
const UNHEARD_AFTER = 30_000;
const LOOK_AGAIN = 1500;
const SWEEP = 1000;
const SLEPT = 5 * SWEEP;

/** One person's part in the group of one room: comes in, stays in, comes back, and begins anew when the log was lost. */
export class GroupSession {
  readonly #ports: SessionPorts;
  readonly #keys: FrameKeysInOrder;
  readonly #newcomers = new Newcomers();
  readonly #presence = new Presence();
  readonly #closing = new AbortController();
  readonly #banned = new Set<NostrPublicKey>();
  #state: SessionState = 'entering';
  #incarnation: string | undefined;
  #way = new AbortController();
  #membership: Membership | undefined;
  #group: MlsGroup | undefined;
  #candidate: Candidate | undefined;
  #welcomed: (() => void) | undefined;
  #sweeper: ReturnType<typeof setInterval> | undefined;
  #swept = milliseconds(0);

  constructor(ports: SessionPorts) {
    this.#ports = ports;
    this.#keys = new FrameKeysInOrder(ports.keys);
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
    const [{ head }] = await Promise.all([log.groupInfo(), post.start((letter) => void this.#receive(letter))]);
    this.#swept = this.#ports.clock.monotonic();
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP);
    this.#begin(head.incarnation);
    void this.#follow(head.nextEpoch);
  }

  close(): void {
    this.#closing.abort();
    this.#way.abort();
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

  /** The own connection is interrupted: nothing is known of who is in the call until `setPresent` is called again. */
  interrupted(): void {
    this.#presence.interrupt(this.#ports.participant);
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

  /** Takes a member out of the group. */
  remove(publicKey: NostrPublicKey): void {
    this.#banned.add(publicKey);
    this.#membership?.tell({ kind: 'remove', publicKey });
  }

  /** Somebody who was taken out may come back. */
  readmit(publicKey: NostrPublicKey): void {
    this.#banned.delete(publicKey);
    this.#announce(publicKey);
  }

  /** Gives this member new keys now. */
  rekey(): void {
    this.#membership?.tell({ kind: 'rekey' });
  }

  /** Comes in again after it was removed. */
  enterAgain(): void {
    if (this.#incarnation !== undefined && !this.#membership) this.#enterFrom(this.#incarnation);
  }

  async #follow(from: number): Promise<void> {
    const look = () => void this.#ports.lookForMail().catch(() => undefined);
    for await (const told of this.#ports.log.follow(from, this.#closing.signal, (error) => !error && look())) {
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
  #begin(incarnation: string): void {
    if (this.#incarnation !== undefined) void this.#keys.clear();
    this.#incarnation = incarnation;
    this.#newcomers.clear();
    this.#banned.clear();
    this.#candidate = undefined;
    this.#group = undefined;
    this.#enterFrom(incarnation);
  }

  #enterFrom(incarnation: string): void {
    this.#way.abort();
    this.#way = new AbortController();
    this.#membership?.close();
    this.#membership = undefined;
    this.#set('entering');
    const { signal } = this.#way;
    void this.#enter(incarnation, signal).catch((error: unknown) => {
      // A signer that refuses, or a fault of ours: neither goes away by itself.
      if (!signal.aborted) this.#ports.ended(error instanceof RoomApiError ? error : new RoomApiError('keys-unavailable', 0, error instanceof Error ? error.message : 'unknown'));
    });
  }

  /** Becomes a member, however that is possible, as long as it takes. */
  async #enter(incarnation: string, signal: AbortSignal): Promise<void> {
    const since = this.#ports.clock.monotonic();
    for (let attempt = 0; !signal.aborted; ) {
      const look = await this.#look(incarnation);
      if (signal.aborted || look === 'elsewhere') return;
      if (look === 'away') {
        await pause(milliseconds(LOOK_AGAIN), signal);
      } else if (look === 'empty') {
        if (await this.#found(incarnation, signal)) return;
      } else if (typeof look === 'string') {
        this.#set(look);
        if (look === 'broken' && this.#ports.isModerator()) await this.#restart(incarnation);
        await pause(milliseconds(LOOK_AGAIN), signal);
      } else if (look.roster.some(({ publicKey }) => publicKey === this.#ports.own)) {
        if (await this.#comeBack(incarnation, look.epoch, look.groupInfo, signal)) return;
      } else {
        await this.#ask(incarnation, look.roster, attempt++, milliseconds(this.#ports.clock.monotonic() - since), signal);
      }
    }
  }

  /** What group there is: a GroupInfo, or why there is none. */
  async #look(incarnation: string): Promise<'elsewhere' | 'away' | 'empty' | 'broken' | 'stranger' | { epoch: Epoch; roster: readonly RosterEntry[]; groupInfo: Uint8Array }> {
    const { log, invitation, clock } = this.#ports;
    let found: Awaited<ReturnType<CommitLog['groupInfo']>>;
    try {
      found = await log.groupInfo();
    } catch (error) {
      if (error instanceof RoomApiError) return 'away';
      throw error;
    }
    const { head, groupInfo } = found;
    if (head.incarnation !== incarnation) {
      this.#stand(head);
      return 'elsewhere';
    }
    if (!groupInfo) return head.nextEpoch === 0 ? 'empty' : 'away';
    const opened = await openGroupInfo(invitation, incarnation, head.nextEpoch, groupInfo);
    // What a member of this group cannot open any more was never closed with the invitation.
    if (!opened) return this.#group ? 'broken' : 'stranger';
    try {
      const { epoch, roster } = await MlsGroup.inspect(opened, invitation.room, clock.now());
      return epoch === head.nextEpoch ? { epoch, roster, groupInfo: opened } : 'broken';
    } catch (error) {
      if (error instanceof Refusal) return 'broken';
      throw error;
    }
  }

  /** Founds the group, unless somebody else was first. */
  async #found(incarnation: string, signal: AbortSignal): Promise<boolean> {
    const { log, invitation, clock } = this.#ports;
    const group = await MlsGroup.create(await this.#takeCandidate(), clock.now());
    const sealed = await sealGroupInfo(invitation, incarnation, group.epoch, await group.groupInfo());
    const ordered = await temporary(() => log.describe(incarnation, 0, sealed), signal);
    if (signal.aborted || !ordered) return false;
    if (ordered.kind !== 'first') {
      this.#stand(ordered.head);
      return false;
    }
    await this.#join(incarnation, group);
    return true;
  }

  /** Comes back in the place of an own leaf, with keys that are new. */
  async #comeBack(incarnation: string, epoch: Epoch, groupInfo: Uint8Array, signal: AbortSignal): Promise<boolean> {
    const { log, invitation, clock } = this.#ports;
    try {
      const pending = await MlsGroup.rejoin(groupInfo, await this.#takeCandidate(), clock.now());
      const sealed = await sealGroupInfo(invitation, incarnation, epoch + 1, await pending.groupInfo());
      const ordered = await temporary(() => log.append(incarnation, epoch, pending.commit, sealed), signal);
      if (signal.aborted || !ordered) return false;
      if (ordered.kind !== 'first') {
        this.#stand(ordered.head);
        return false;
      }
      await this.#join(incarnation, pending.adopt());
      return true;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#set('broken');
      if (this.#ports.isModerator()) await this.#restart(incarnation);
      await pause(milliseconds(LOOK_AGAIN), signal);
      return false;
    }
  }

  /** Asks some members to add this newcomer, and waits a while. */
  async #ask(incarnation: string, roster: readonly RosterEntry[], attempt: number, waited: number, signal: AbortSignal): Promise<void> {
    const { clock, post, participant, signer, invitation, proofSeconds } = this.#ports;
    const there = roster.filter((member) => this.#presence.has(member.participant));
    if (there.length === 0) {
      if (waited > ALONE_AFTER) {
        this.#set('alone');
        if (this.#ports.isModerator()) await this.#restart(incarnation);
      }
      return pause(milliseconds(LOOK_AGAIN / 3), signal);
    }
    if (waited > UNHEARD_AFTER && this.#ports.isModerator()) await this.#restart(incarnation);
    this.#set('waiting');
    this.#candidate ??= await makeCandidate(signer, invitation.room, participant, clock.now(), proofSeconds);
    const body = encodeKeyPackage(this.#candidate.keyPackage);
    const asked = Array.from({ length: Math.min(ASKED, there.length) }, (_, index) => there[(attempt * ASKED + index) % there.length]);
    const letters = asked.flatMap((member) => (member ? [{ to: member.publicKey, letter: { kind: 'keyPackage' as const, incarnation, body } }] : []));
    const welcomed = new Promise<void>((resolve) => (this.#welcomed = resolve));
    await post.send(letters).catch(() => undefined);
    await Promise.race([welcomed, pause(milliseconds(ASK_AGAIN * Math.min(attempt + 1, 4)), signal)]);
  }

  async #takeCandidate(): Promise<Candidate> {
    const { signer, invitation, participant, clock, proofSeconds } = this.#ports;
    // A key package is good for one joining.
    this.#candidate = undefined;
    return makeCandidate(signer, invitation.room, participant, clock.now(), proofSeconds);
  }

  async #restart(incarnation: string): Promise<void> {
    await this.#ports.log.restart(incarnation).catch(() => undefined);
  }

  async #join(incarnation: string, group: MlsGroup): Promise<void> {
    const membership = new Membership(
      {
        log: this.#ports.log,
        invitation: this.#ports.invitation,
        newcomers: this.#newcomers,
        keys: this.#keys,
        clock: this.#ports.clock,
        send: (letters) => void this.#ports.post.send(letters).catch(() => undefined),
        acknowledge: (epoch) => this.#ports.acknowledge(epoch),
        entered: (now, before) => this.#entered(now, before),
        lost: (how) => this.#lost(how),
      },
      incarnation,
      group,
      this.#ports.own,
    );
    this.#membership?.close();
    this.#membership = membership;
    await membership.start();
    for (const { publicKey } of this.#newcomers) this.#announce(publicKey);
  }

  #entered(group: MlsGroup, before: MlsGroup | undefined): void {
    // Somebody who is there and was taken out was taken out on purpose, so nobody brings them back unasked.
    const now = this.#ports.clock.monotonic();
    for (const { publicKey, participant } of before?.roster ?? []) {
      if (!group.memberWith(publicKey) && this.#presence.known && this.#presence.isSettled(participant, now)) this.#banned.add(publicKey);
    }
    for (const { publicKey } of group.roster) this.#banned.delete(publicKey);
    this.#state = 'member';
    this.#group = group;
    this.#ports.changed();
  }

  #lost(how: Lost): void {
    this.#membership = undefined;
    const { clock, participant } = this.#ports;
    if (this.#incarnation === undefined || this.#closing.signal.aborted) return;
    if (how === 'removed') {
      void this.#keys.clear();
      this.#group = undefined;
      // Whoever was out of the call for a while was given up, and may come again.
      // So may whoever slept: timers stood still, and the connection with them.
      const slept = clock.monotonic() - this.#swept > SLEPT;
      if (!slept && this.#presence.isSettled(participant, clock.monotonic())) return this.#set('removed');
    }
    this.#enterFrom(this.#incarnation);
  }

  async #receive(letter: Letter & { readonly from: NostrPublicKey }): Promise<void> {
    if (letter.incarnation !== this.#incarnation) return;
    if (letter.kind === 'welcome') return this.#takeWelcome(letter.incarnation, letter.body);
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

  async #takeWelcome(incarnation: string, welcome: Uint8Array): Promise<void> {
    const candidate = this.#candidate;
    if (!candidate || this.#membership) return;
    try {
      const group = await MlsGroup.join(welcome, candidate, this.#ports.clock.now());
      if (this.#candidate !== candidate || this.#incarnation !== incarnation) return;
      this.#candidate = undefined;
      this.#way.abort();
      await this.#join(incarnation, group);
      this.#welcomed?.();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
    }
  }

  /** Tells the ordering about a newcomer who may be added. */
  #announce(publicKey: NostrPublicKey): void {
    const newcomer = this.#newcomers.get(publicKey);
    if (newcomer && !this.#banned.has(publicKey) && this.#presence.has(newcomer.participant)) this.#membership?.tell({ kind: 'arrived', publicKey });
  }

  /** What only time brings: members and newcomers that have gone, proofs that end. */
  #sweep(): void {
    const group = this.#membership?.group;
    const { clock, own } = this.#ports;
    const now = clock.monotonic();
    this.#swept = now;
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

/** Runs a request, again and again while it fails for the moment; undefined when it was aborted. */
async function temporary<T>(run: () => Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  while (!signal.aborted) {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof RoomApiError) || !error.isTemporary) throw error;
      await pause(milliseconds(LOOK_AGAIN), signal);
    }
  }
  return undefined;
}
