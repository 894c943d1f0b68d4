import type { LogHead } from '../api/answers.js';
import { pause, persist } from '../api/http.js';
import { RoomApiError } from '../api/problem.js';
import type { Letter } from '../mail/letter.js';
import type { BannedMember } from '../mls/banned.js';
import { MlsGroup, type RosterEntry } from '../mls/group.js';
import { decodeKeyPackage, encodeKeyPackage, makeCandidate, publicKeyOf, type Candidate } from '../mls/member.js';
import { Refusal } from '../mls/refusal.js';
import { epochNumber, milliseconds, type Epoch, type NostrPublicKey, type ParticipantId } from '../units.js';
import { Bans } from './bans.js';
import { FrameKeysInOrder } from './frame-keys.js';
import { readGroupInfo, sealGroupInfo, type Found, type GroupAsRead } from './group-info.js';
import { Membership, type Lost } from './membership.js';
import { Newcomers } from './newcomers.js';
import { Presence } from './presence.js';
import type { SessionPorts } from './session-ports.js';

/**
 * Where somebody stands with the room's group.
 * - entering: on the way in, by themselves.
 * - waiting: a member has to add them, and was asked to.
 * - alone: nobody who has the keys is in the call, so nobody can add them.
 * - member: in the group.
 * - broken: nobody can go on with the group; a host or moderator has to start it anew.
 * - stranger: the invitation does not fit this room's group.
 * - removed: a member took them out on purpose, and they stay out until one lets them back.
 * - ended: the room is over, or they were put out of it.
 */
export type SessionState = 'entering' | 'waiting' | 'alone' | 'member' | 'broken' | 'stranger' | 'removed' | 'ended';

/** How many members are asked at once to add a newcomer. The first in the roster commits, the others are there in case it has gone. */
const ASKED = 4;
/** How long a newcomer waits before it asks others, in milliseconds. */
const ASK_AGAIN = 4000;
/** How long a newcomer looks for members in the call before it says that there is none. */
const ALONE_AFTER = 4000;
/** How long a newcomer who may start the group anew waits for an answer of members who are there. */
const UNHEARD_AFTER = 30_000;
const LOOK_AGAIN = milliseconds(1500);
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
  #way = new AbortController();
  #membership: Membership | undefined;
  #group: MlsGroup | undefined;
  #candidate: Candidate | undefined;
  #welcomed: (() => void) | undefined;
  /** Whether this member was told, by the group, that it is kept out. */
  #isBanned = false;
  /** The newest epoch that is known to have begun. A server that shows group info of an earlier one would have this member come back to people who are out. */
  #newest: Epoch = epochNumber(0);
  #moved: (() => void) | undefined;
  #sweeper: ReturnType<typeof setInterval> | undefined;

  constructor(ports: SessionPorts) {
    this.#ports = ports;
    this.#bans = new Bans(ports.own);
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
    const [found] = await Promise.all([log.groupInfo(), post.start((letter) => void this.#receive(letter))]);
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP);
    this.#begin(found.head.incarnation, found);
    void this.#follow(found.head.nextEpoch);
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
      if (told.kind === 'log' || told.kind === 'commit') this.#moved?.();
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
    this.#newest = epochNumber(0);
    this.#candidate = undefined;
    this.#group = undefined;
    this.#enterFrom(incarnation, found);
  }

  #enterFrom(incarnation: string, found?: Found): void {
    this.#way.abort();
    this.#way = new AbortController();
    this.#membership?.close();
    this.#membership = undefined;
    this.#set(this.#isBanned ? 'removed' : 'entering');
    const { signal } = this.#way;
    void this.#enter(incarnation, signal, found).catch((error: unknown) => {
      // A signer that refuses, or a fault of ours: neither goes away by itself.
      if (!signal.aborted) this.#ports.ended(error instanceof RoomApiError ? error : new RoomApiError('keys-unavailable', 0, error instanceof Error ? error.message : 'unknown'));
    });
  }

  /** Becomes a member, however that is possible, as long as it takes. */
  async #enter(incarnation: string, signal: AbortSignal, first?: Found): Promise<void> {
    const since = this.#ports.clock.monotonic();
    let found = first;
    let tried: Epoch | undefined;
    for (let attempt = 0; !signal.aborted; ) {
      const moved = new Promise<void>((resolve) => (this.#moved = resolve));
      const look = await this.#look(incarnation, found);
      found = undefined;
      if (signal.aborted || look === 'elsewhere') return;
      if (look === 'away') {
        await pause(LOOK_AGAIN, signal);
      } else if (look === 'removed' || (typeof look === 'string' && this.#isBanned)) {
        // Who is kept out founds no group either, and starts none anew.
        this.#set('removed');
        await moved;
      } else if (look === 'empty') {
        if (await this.#found(incarnation, signal)) return;
      } else if (typeof look === 'string') {
        this.#set(look);
        if (look === 'broken' && this.#ports.isModerator()) await this.#restart(incarnation);
        await pause(LOOK_AGAIN, signal);
      } else if (look.roster.some(({ publicKey }) => publicKey === this.#ports.own)) {
        if (await this.#comeBack(incarnation, look.epoch, look.groupInfo, signal)) return;
        // A race that is lost leaves a newer group. A server that shows the same one again is asked in its own time.
        if (look.epoch === tried) await pause(LOOK_AGAIN, signal);
        tried = look.epoch;
      } else {
        await this.#ask(incarnation, look.roster, attempt++, milliseconds(this.#ports.clock.monotonic() - since), signal);
      }
    }
  }

  /** What group there is: a GroupInfo, or why there is none. */
  async #look(incarnation: string, known?: Found): Promise<'elsewhere' | 'away' | 'empty' | 'broken' | 'stranger' | 'removed' | GroupAsRead> {
    const { log, invitation, clock, own } = this.#ports;
    let found: Found;
    try {
      found = known ?? (await log.groupInfo());
    } catch (error) {
      if (error instanceof RoomApiError) return 'away';
      throw error;
    }
    if (found.head.incarnation !== incarnation) {
      this.#stand(found.head);
      return 'elsewhere';
    }
    const read = await readGroupInfo(invitation, found, clock.now());
    // What a member of this group cannot open any more was never closed with the invitation.
    if (read === 'closed') return this.#group ? 'broken' : 'stranger';
    if (typeof read === 'string') return read;
    if (read.epoch < this.#newest) return 'away';
    this.#newest = read.epoch;
    this.#bans.take(read.banned);
    this.#isBanned = read.banned.some(({ publicKey }) => publicKey === own);
    if (this.#isBanned) return 'removed';
    return this.#bans.areAmong(read.roster) ? 'broken' : read;
  }

  /** Founds the group, unless somebody else was first. */
  async #found(incarnation: string, signal: AbortSignal): Promise<boolean> {
    const { log, invitation, clock } = this.#ports;
    const group = await MlsGroup.create(await this.#takeCandidate(), clock.now(), this.#bans.all);
    const sealed = await sealGroupInfo(invitation, incarnation, group.epoch, await group.groupInfo());
    const ordered = await persist(() => log.describe(incarnation, 0, sealed), LOOK_AGAIN, signal);
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
      const ordered = await persist(() => log.append(incarnation, epoch, pending.commit, sealed), LOOK_AGAIN, signal);
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
      await pause(LOOK_AGAIN, signal);
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
    this.#newest = group.epoch;
    this.#isBanned = false;
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
      if (epoch !== undefined) this.#newest = epochNumber(epoch + 1);
    }
    // Whoever was away for a while was given up, and comes again. Who was taken out on purpose waits until it is let back.
    this.#isBanned = how === 'banned';
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
      if (this.#candidate !== candidate || this.#incarnation !== incarnation || this.#bans.areAmong(group.roster)) return;
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
