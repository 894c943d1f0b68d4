import { threadId } from 'node:worker_threads';
import { generateSecretKey } from 'nostr-tools/pure';
import { Access } from '../../src/api/access.js';
import { RoomApi } from '../../src/api/room-api.js';
import type { FrameKeys } from '../../src/conference/frame-keys.js';
import type { GroupSession } from '../../src/conference/group-session.js';
import { openSession, type SessionOptions } from '../../src/conference/open-session.js';
import { Invitation } from '../../src/mail/invitation.js';
import { keySigner } from '../../src/mail/signer.js';
import type { Bytes, Epoch, ParticipantId } from '../../src/units.js';
import { toHex } from '../support/bytes.js';

/** The room API that the test was given. */
export const apiUrl = process.env['ROOM_API'] ?? 'http://127.0.0.1:8080';

/** Keeps the keys that a call would seal and open frames with. */
export class RecordedKeys implements FrameKeys {
  readonly epochs = new Map<Epoch, ReadonlyMap<ParticipantId, string>>();
  sending: Epoch | undefined;
  cleared = 0;
  /** Called when frames are sealed with another epoch. */
  changed: (() => void) | undefined;

  begin(epoch: Epoch, keys: ReadonlyMap<ParticipantId, Bytes>): Promise<void> {
    this.epochs.set(epoch, new Map([...keys].map(([participant, key]) => [participant, toHex(key)])));
    return Promise.resolve();
  }

  sendWith(epoch: Epoch): Promise<void> {
    this.sending = epoch;
    this.changed?.();
    return Promise.resolve();
  }

  clear(): Promise<void> {
    this.epochs.clear();
    this.sending = undefined;
    this.cleared++;
    return Promise.resolve();
  }
}

/** What somebody received, as requests and streams brought it. */
export class Traffic {
  messages = 0;
  bytes = 0;
  requests = 0;
}

// Nobody in another thread has the same one.
let lastAddress = threadId * 4096;

/** Somebody with a Nostr key and an address of their own, without a camera. */
export class Person {
  readonly secretKey = generateSecretKey();
  readonly signer = keySigner(this.secretKey);
  readonly traffic = new Traffic();
  readonly api: RoomApi;
  keys = new RecordedKeys();
  access: Access | undefined;
  session: GroupSession | undefined;
  readonly states: string[] = [];
  ended: string | undefined;
  #online = true;
  readonly #streams = new Set<TransformStreamDefaultController>();
  readonly #waiting = new Set<() => void>();

  constructor() {
    const address = ++lastAddress;
    this.api = new RoomApi(apiUrl, this.signer, async (input, init) => {
      if (!this.#online) throw new TypeError('the network is down');
      this.traffic.requests++;
      const headers = { ...(init?.headers as Record<string, string>), 'X-Forwarded-For': `198.18.${address >> 8}.${address & 255}` };
      return this.#count(await fetch(input, { ...init, headers }));
    });
  }

  /** Makes a room and founds its group. */
  async create(settings = {}, options: Partial<SessionOptions> = {}): Promise<Invitation> {
    this.access = new Access(this.api, await this.api.create({ settings }));
    const invitation = Invitation.to(this.access.room);
    await this.enter(invitation, options);
    return invitation;
  }

  /** Joins the room and asks to be added. */
  async join(invitation: Invitation, options: Partial<SessionOptions> = {}): Promise<void> {
    this.access = new Access(this.api, await this.api.join(invitation.room));
    await this.enter(invitation, options);
  }

  async enter(invitation: Invitation, options: Partial<SessionOptions> = {}): Promise<void> {
    if (!this.access) throw new Error('Join first');
    this.session = await openSession({
      access: this.access,
      signer: this.signer,
      invitation,
      keys: this.keys,
      ...options,
      changed: () => {
        if (this.states.at(-1) !== this.session?.state) this.states.push(this.session?.state ?? '');
        for (const look of this.#waiting) look();
      },
      ended: (error) => {
        this.ended = `${error.type}: ${error.message}`;
        for (const look of this.#waiting) look();
      },
    });
    await this.session.start();
  }

  /** Calls back whenever the session or the keys have changed. */
  watch(changed: () => void): void {
    this.#waiting.add(changed);
    this.keys.changed = changed;
  }

  /** The page is gone: no goodbye, and no memory. */
  vanish(): void {
    this.session?.close();
    this.session = undefined;
    this.keys = new RecordedKeys();
  }

  /** This person's network goes down, with all that is open, or comes back. */
  setOnline(online: boolean): void {
    this.#online = online;
    for (const stream of this.#streams) if (!online) stream.error(new TypeError('the network is down'));
    this.#streams.clear();
  }

  get participant(): ParticipantId {
    return this.access!.admission.participantId;
  }

  get epoch(): Epoch | undefined {
    return this.session?.state === 'member' ? this.session.group?.epoch : undefined;
  }

  get roster(): readonly string[] {
    return (this.session?.group?.roster ?? []).map(({ publicKey }) => publicKey).sort();
  }

  /** Waits until something is so. Fails after some seconds. */
  until(met: () => boolean, what: string, seconds = 30): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (!met()) return;
        end();
        resolve();
      };
      const again = setInterval(look, 50);
      const late = setTimeout(() => {
        end();
        reject(new Error(`${what}: not within ${seconds} s. State ${this.session?.state ?? 'none'}, epoch ${this.session?.group?.epoch ?? '-'}, ${this.roster.length} members, ${this.ended ?? ''}, history ${this.states.join(' ')}`));
      }, seconds * 1000);
      const end = () => {
        clearInterval(again);
        clearTimeout(late);
        this.#waiting.delete(look);
      };
      this.#waiting.add(look);
      look();
    });
  }

  #count(answer: Response): Response {
    if (!answer.body) return answer;
    const { traffic } = this;
    const streams = this.#streams;
    const counted = answer.body.pipeThrough(new TransformStream<Uint8Array, Uint8Array>({
      start: (controller) => void streams.add(controller),
      transform(chunk, controller) {
        traffic.bytes += chunk.length;
        traffic.messages++;
        controller.enqueue(chunk);
      },
    }));
    return new Response(counted, { status: answer.status, headers: answer.headers });
  }
}

/** Everybody in one epoch with the same members, the same safety number and the same keys, and sends with them. */
export async function together(people: readonly Person[], seconds = 30): Promise<void> {
  const settled = () => {
    const [first] = people;
    return people.every(({ session, keys, epoch }) => epoch !== undefined && epoch === first?.epoch && keys.sending === epoch
      && session?.group?.roster.length === people.length && session.group.safetyNumber === first.session?.group?.safetyNumber);
  };
  await people[0]!.until(settled, `${people.length} people are together (they are in ${people.map(({ epoch, roster }) => `${epoch ?? '-'}/${roster.length}`).join(' ')})`, seconds).catch((error: Error) => {
    throw new Error(`${error.message}\nnow ${people.map(({ epoch, roster, session, states, ended }) => `${session?.state} ${epoch ?? "-"}/${roster.length} [${states.join(" ")}] ${ended ?? ""}`).join('\n    ')}`);
  });
  const keys = people.map(({ keys, epoch }) => JSON.stringify([...(keys.epochs.get(epoch!) ?? [])].sort()));
  if (new Set(keys).size !== 1) throw new Error('The keys of one epoch are not the same for everybody');
}
