import type { LogHead, OrderedCommit } from '../../src/api/answers.js';
import type { GroupLog, Ordered, Told } from '../../src/api/commit-log.js';
import { GroupSession } from '../../src/conference/group-session.js';
import { Invitation } from '../../src/mail/invitation.js';
import type { Letter } from '../../src/mail/letter.js';
import type { GroupMail } from '../../src/mail/post-office.js';
import { milliseconds, roomId, seconds, type Bytes, type Epoch, type NostrPublicKey, type ParticipantId } from '../../src/units.js';
import { noon, person, type Person } from '../mls/people.js';
import { toHex } from '../support/bytes.js';
import { VirtualTime } from '../support/virtual-time.js';

/** A room API's log, which does what a test tells it to. */
class Log {
  incarnation = 1;
  commits: OrderedCommit[] = [];
  groupInfo: Uint8Array | undefined;
  readonly readers = new Set<() => void>();

  get head(): LogHead {
    return { incarnation: String(this.incarnation), firstEpoch: 0, nextEpoch: this.commits.length };
  }

  /** All of it is lost, or so the server says. */
  startAnew(): void {
    this.incarnation++;
    this.commits = [];
    this.groupInfo = undefined;
    for (const wake of this.readers) wake();
  }

  write(incarnation: string, epoch: number, by: ParticipantId, commit: Uint8Array | undefined, groupInfo: Uint8Array): Ordered {
    const { head } = this;
    if (incarnation !== head.incarnation || epoch > head.nextEpoch) return { kind: 'unfit', head };
    if (epoch < head.nextEpoch) return { kind: 'taken', head, winner: this.commits[epoch] };
    if (!commit && this.groupInfo) return { kind: 'taken', head, winner: undefined };
    if (commit) this.commits.push({ epoch, participantId: by, commit });
    this.groupInfo = groupInfo;
    for (const wake of this.readers) wake();
    return { kind: 'first', head: this.head };
  }
}

/** Somebody with a session, and a page that can stall. */
export class Townsman {
  readonly person: Person;
  readonly session: GroupSession;
  readonly keys = new Map<Epoch, ReadonlyMap<ParticipantId, string>>();
  /** How far its clock is ahead: a page that slept finds that time has passed. */
  ahead = 0;
  ended: string | undefined;
  readonly #town: Town;
  #stalled = false;
  #wake: () => void = () => undefined;
  receive: ((letter: Letter & { readonly from: NostrPublicKey }) => void) | undefined;

  constructor(town: Town, number: number, moderator: boolean) {
    this.#town = town;
    this.person = person(number);
    const clock = { monotonic: () => milliseconds(town.time.now + this.ahead), now: () => seconds(noon + Math.floor((town.time.now + this.ahead) / 1000)) };
    this.session = new GroupSession({
      log: this.#log(),
      post: this.#mail(),
      invitation: town.invitation,
      signer: this.person.signer,
      own: this.publicKey,
      participant: this.participant,
      keys: {
        begin: (epoch, keys) => Promise.resolve(void this.keys.set(epoch, new Map([...keys].map(([participant, key]: [ParticipantId, Bytes]) => [participant, toHex(key)])))),
        sendWith: () => Promise.resolve(),
        clear: () => Promise.resolve(this.keys.clear()),
      },
      clock,
      proofSeconds: 24 * 3600,
      isModerator: () => moderator,
      lookForMail: () => Promise.resolve(),
      acknowledge: () => undefined,
      changed: () => undefined,
      ended: (error) => (this.ended = error.message),
    });
  }

  get publicKey(): NostrPublicKey {
    return this.person.publicKey;
  }

  get participant(): ParticipantId {
    return this.person.participant;
  }

  get roster(): readonly NostrPublicKey[] {
    return (this.session.group?.roster ?? []).map(({ publicKey }) => publicKey);
  }

  get banned(): readonly NostrPublicKey[] {
    return this.session.banned.map(({ publicKey }) => publicKey);
  }

  /** This page gets nothing of what comes, until it wakes. */
  stall(): void {
    this.#stalled = true;
  }

  /** It goes on, and its clock says for how long it stood still. */
  wake(after: number): void {
    this.ahead += after;
    this.#stalled = false;
    this.#wake();
  }

  #log(): GroupLog {
    const { log } = this.#town;
    const town = this.#town;
    return {
      append: (incarnation, epoch, commit, info) => Promise.resolve(log.write(incarnation, epoch, this.participant, commit, info)),
      describe: (incarnation, epoch, info) => Promise.resolve(log.write(incarnation, epoch, this.participant, undefined, info)),
      groupInfo: () => Promise.resolve(town.groupInfoFor(this)),
      read: (from) => Promise.resolve({ head: log.head, commits: log.commits.slice(from) }),
      restart: (incarnation) => Promise.resolve(incarnation === log.head.incarnation ? log.startAnew() : undefined),
      follow: (from, signal) => this.#follow(from, signal),
    };
  }

  async *#follow(from: number, signal: AbortSignal): AsyncGenerator<Told> {
    const { log } = this.#town;
    let [incarnation, next] = [log.incarnation, from];
    yield { kind: 'log', head: log.head };
    while (!signal.aborted) {
      const more = new Promise<void>((resolve) => (this.#wake = resolve));
      if (!this.#stalled && incarnation !== log.incarnation) {
        [incarnation, next] = [log.incarnation, 0];
        yield { kind: 'log', head: log.head };
      } else if (!this.#stalled && next < log.commits.length) {
        yield { kind: 'commit', commit: log.commits[next++]! };
      } else {
        log.readers.add(this.#wake);
        await more;
        log.readers.delete(this.#wake);
      }
    }
  }

  #mail(): GroupMail {
    return {
      start: (receive) => Promise.resolve(void (this.receive = receive)),
      send: (letters) => {
        for (const { to, letter } of letters) this.#town.people.find(({ publicKey }) => publicKey === to)?.receive?.({ ...letter, from: this.publicKey });
        return Promise.resolve();
      },
      close: () => (this.receive = undefined),
    };
  }
}

/** People with sessions around one log, in virtual time. The server puts nobody out: it withholds every revocation. */
export class Town {
  readonly time = new VirtualTime();
  readonly log = new Log();
  readonly invitation = Invitation.to(roomId('room-of-the-tests'));
  readonly people: Townsman[] = [];
  /** What the server tells somebody instead of the truth. */
  groupInfoFor: (who: Townsman) => { head: LogHead; groupInfo: Uint8Array | undefined } = () => ({ head: this.log.head, groupInfo: this.log.groupInfo });

  /** Somebody comes into the call, and is there for everybody. */
  async enter(number: number, moderator = false): Promise<Townsman> {
    const townsman = new Townsman(this, number, moderator);
    this.people.push(townsman);
    await townsman.session.start();
    this.show();
    return townsman;
  }

  /** The SFU says who is in the call: everybody, except these. */
  show(...away: readonly Townsman[]): void {
    const there = new Set(this.people.filter((one) => !away.includes(one)).map(({ participant }) => participant));
    for (const { session } of this.people) session.setPresent(there);
  }

  /** Waits until these, and nobody else, are members of one epoch. */
  together(people: readonly Townsman[], within?: number): Promise<void> {
    const settled = () => people.every(({ session, roster }) => session.state === 'member' && roster.length === people.length && session.group?.safetyNumber === people[0]?.session.group?.safetyNumber);
    return this.time.until(settled, `${people.length} are together (${people.map(({ session, roster }) => `${session.state} ${session.group?.epoch}/${roster.length}`).join(', ')})`, within);
  }

  close(): void {
    for (const { session } of this.people) session.close();
    this.time.end();
  }
}
