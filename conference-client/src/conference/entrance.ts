import type { LogHead } from '../api/answers.js';
import { pause, persist } from '../api/http.js';
import { RoomApiError } from '../api/problem.js';
import { MlsGroup, type RosterEntry } from '../mls/group.js';
import { encodeKeyPackage, makeCandidate, type Candidate } from '../mls/member.js';
import { Refusal } from '../mls/refusal.js';
import { epochNumber, milliseconds, type Epoch } from '../units.js';
import type { Bans } from './bans.js';
import { readGroupInfo, sealGroupInfo, type Found, type GroupAsRead } from './group-info.js';
import type { Lost } from './membership.js';
import type { Presence } from './presence.js';
import type { SessionPorts } from './session-ports.js';
import type { SessionState } from './session-state.js';

/** How many members are asked at once to add a newcomer. The first in the roster commits, the others are there in case it has gone. */
const ASKED = 4;
/** How long a newcomer waits before it asks others, in milliseconds. */
const ASK_AGAIN = 4000;
/** How long a newcomer looks for members in the call before it says that there is none. */
const ALONE_AFTER = 4000;
/** How long a newcomer who may start the group anew waits for an answer of members who are there. */
const UNHEARD_AFTER = 30_000;
const LOOK_AGAIN = milliseconds(1500);

/** What somebody on the way in needs, and whom it tells. */
export interface EntranceSurroundings {
  readonly ports: SessionPorts;
  readonly bans: Bans;
  readonly presence: Presence;
  /** Whether this person has been in a group of this log. */
  hasGroup(): boolean;
  /** Where somebody stands now. */
  stand(state: SessionState): void;
  /** Where the log stands, which can be another one by now. */
  told(head: LogHead): void;
  /** Goes on as a member of the group. */
  join(incarnation: string, group: MlsGroup): Promise<void>;
}

/** How one person becomes a member: founds the group, comes back in its own place, or asks members to be added; as long as it takes. */
export class Entrance {
  readonly #around: EntranceSurroundings;
  #incarnation: string | undefined;
  #way = new AbortController();
  #candidate: Candidate | undefined;
  #welcomed: (() => void) | undefined;
  #moved: (() => void) | undefined;
  /** Whether this member was told, by the group, that it is kept out. */
  #isBanned = false;
  /** The newest epoch that is known to have begun. A server that shows group info of an earlier one would have this member come back to people who are out. */
  #newest: Epoch = epochNumber(0);

  constructor(around: EntranceSurroundings) {
    this.#around = around;
  }

  /** Sets out into the group of a log, from the beginning. */
  enter(incarnation: string, found?: Found): void {
    this.#way.abort();
    this.#way = new AbortController();
    this.#incarnation = incarnation;
    const { signal } = this.#way;
    const { ports } = this.#around;
    this.#around.stand(this.#isBanned ? 'removed' : 'entering');
    void this.#goIn(incarnation, signal, found).catch((error: unknown) => {
      // A signer that refuses, or a fault of ours: neither goes away by itself.
      if (!signal.aborted) ports.ended(error instanceof RoomApiError ? error : new RoomApiError('keys-unavailable', 0, error instanceof Error ? error.message : 'unknown'));
    });
  }

  /** Goes no further. */
  cancel(): void {
    this.#way.abort();
  }

  /** The log is another one: nothing is known of its group. */
  startAnew(): void {
    this.#newest = epochNumber(0);
    this.#candidate = undefined;
  }

  /** Something has happened in the log, for which somebody who is kept out waits. */
  wake(): void {
    this.#moved?.();
  }

  /** This person is a member, in this epoch. */
  entered(epoch: Epoch): void {
    this.#newest = epoch;
    this.#isBanned = false;
  }

  /** This person is no member any more, since the epoch after the one given. */
  lost(how: Lost, epoch: Epoch | undefined): void {
    if ((how === 'removed' || how === 'banned') && epoch !== undefined) this.#newest = epochNumber(epoch + 1);
    // Whoever was away for a while was given up, and comes again. Who was taken out on purpose waits until it is let back.
    this.#isBanned = how === 'banned';
  }

  /** Takes a member's answer. One that does not fit is ignored. */
  async takeWelcome(incarnation: string, welcome: Uint8Array): Promise<void> {
    const candidate = this.#candidate;
    if (!candidate) return;
    const { bans, ports } = this.#around;
    try {
      const group = await MlsGroup.join(welcome, candidate, ports.clock.now());
      if (this.#candidate !== candidate || this.#incarnation !== incarnation || bans.areAmong(group.roster)) return;
      this.#candidate = undefined;
      this.#way.abort();
      await this.#around.join(incarnation, group);
      this.#welcomed?.();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
    }
  }

  async #goIn(incarnation: string, signal: AbortSignal, first?: Found): Promise<void> {
    const since = this.#around.ports.clock.monotonic();
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
        this.#around.stand('removed');
        await moved;
      } else if (look === 'empty') {
        if (await this.#found(incarnation, signal)) return;
      } else if (typeof look === 'string') {
        this.#around.stand(look);
        if (look === 'broken' && this.#around.ports.isModerator()) await this.#restart(incarnation);
        await pause(LOOK_AGAIN, signal);
      } else if (look.roster.some(({ publicKey }) => publicKey === this.#around.ports.own)) {
        if (await this.#comeBack(incarnation, look.epoch, look.groupInfo, signal)) return;
        // A race that is lost leaves a newer group. A server that shows the same one again is asked in its own time.
        if (look.epoch === tried) await pause(LOOK_AGAIN, signal);
        tried = look.epoch;
      } else {
        await this.#ask(incarnation, look.roster, attempt++, milliseconds(this.#around.ports.clock.monotonic() - since), signal);
      }
    }
  }

  /** What group there is: a GroupInfo, or why there is none. */
  async #look(incarnation: string, known?: Found): Promise<'elsewhere' | 'away' | 'empty' | 'broken' | 'stranger' | 'removed' | GroupAsRead> {
    const { bans, ports } = this.#around;
    const { log, invitation, clock, own } = ports;
    let found: Found;
    try {
      found = known ?? (await log.groupInfo());
    } catch (error) {
      if (error instanceof RoomApiError) return 'away';
      throw error;
    }
    if (found.head.incarnation !== incarnation) {
      this.#around.told(found.head);
      return 'elsewhere';
    }
    const read = await readGroupInfo(invitation, found, clock.now());
    // What a member of this group cannot open any more was never closed with the invitation.
    if (read === 'closed') return this.#around.hasGroup() ? 'broken' : 'stranger';
    if (typeof read === 'string') return read;
    if (read.epoch < this.#newest) return 'away';
    this.#newest = read.epoch;
    bans.take(read.banned);
    this.#isBanned = read.banned.some(({ publicKey }) => publicKey === own);
    if (this.#isBanned) return 'removed';
    return bans.areAmong(read.roster) ? 'broken' : read;
  }

  /** Founds the group, unless somebody else was first. */
  async #found(incarnation: string, signal: AbortSignal): Promise<boolean> {
    const { log, invitation, clock } = this.#around.ports;
    const group = await MlsGroup.create(await this.#takeCandidate(), clock.now(), this.#around.bans.all);
    const sealed = await sealGroupInfo(invitation, incarnation, group.epoch, await group.groupInfo());
    const ordered = await persist(() => log.describe(incarnation, 0, sealed), LOOK_AGAIN, signal);
    if (signal.aborted || !ordered) return false;
    if (ordered.kind !== 'first') {
      this.#around.told(ordered.head);
      return false;
    }
    await this.#around.join(incarnation, group);
    return true;
  }

  /** Comes back in the place of an own leaf, with keys that are new. */
  async #comeBack(incarnation: string, epoch: Epoch, groupInfo: Uint8Array, signal: AbortSignal): Promise<boolean> {
    const { log, invitation, clock } = this.#around.ports;
    try {
      const pending = await MlsGroup.rejoin(groupInfo, await this.#takeCandidate(), clock.now());
      const sealed = await sealGroupInfo(invitation, incarnation, epoch + 1, await pending.groupInfo());
      const ordered = await persist(() => log.append(incarnation, epoch, pending.commit, sealed), LOOK_AGAIN, signal);
      if (signal.aborted || !ordered) return false;
      if (ordered.kind !== 'first') {
        this.#around.told(ordered.head);
        return false;
      }
      await this.#around.join(incarnation, pending.adopt());
      return true;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#around.stand('broken');
      if (this.#around.ports.isModerator()) await this.#restart(incarnation);
      await pause(LOOK_AGAIN, signal);
      return false;
    }
  }

  /** Asks some members to add this newcomer, and waits a while. */
  async #ask(incarnation: string, roster: readonly RosterEntry[], attempt: number, waited: number, signal: AbortSignal): Promise<void> {
    const { clock, post, participant, signer, invitation, proofSeconds } = this.#around.ports;
    const there = roster.filter((member) => this.#around.presence.has(member.participant));
    if (there.length === 0) {
      if (waited > ALONE_AFTER) {
        this.#around.stand('alone');
        if (this.#around.ports.isModerator()) await this.#restart(incarnation);
      }
      return pause(milliseconds(LOOK_AGAIN / 3), signal);
    }
    if (waited > UNHEARD_AFTER && this.#around.ports.isModerator()) await this.#restart(incarnation);
    this.#around.stand('waiting');
    this.#candidate ??= await makeCandidate(signer, invitation.room, participant, clock.now(), proofSeconds);
    const body = encodeKeyPackage(this.#candidate.keyPackage);
    const asked = Array.from({ length: Math.min(ASKED, there.length) }, (_, index) => there[(attempt * ASKED + index) % there.length]);
    const letters = asked.flatMap((member) => (member ? [{ to: member.publicKey, letter: { kind: 'keyPackage' as const, incarnation, body } }] : []));
    const welcomed = new Promise<void>((resolve) => (this.#welcomed = resolve));
    await post.send(letters).catch(() => undefined);
    await Promise.race([welcomed, pause(milliseconds(ASK_AGAIN * Math.min(attempt + 1, 4)), signal)]);
  }

  async #takeCandidate(): Promise<Candidate> {
    const { signer, invitation, participant, clock, proofSeconds } = this.#around.ports;
    // A key package is good for one joining.
    this.#candidate = undefined;
    return makeCandidate(signer, invitation.room, participant, clock.now(), proofSeconds);
  }

  async #restart(incarnation: string): Promise<void> {
    await this.#around.ports.log.restart(incarnation).catch(() => undefined);
  }
}
