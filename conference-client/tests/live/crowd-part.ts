// One thread of a crowd: does what crowd.ts orders, and reports how its people stand.
import { createHash } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import { Invitation } from '../../src/mail/invitation.js';
import type { Epoch, ParticipantId } from '../../src/units.js';
import { Person } from './person.js';

/** What a thread is to do. */
export type Order =
  | { readonly kind: 'create'; readonly place: number }
  | { readonly kind: 'join'; readonly place: number; readonly invitation: string }
  | { readonly kind: 'vanish'; readonly place: number }
  /** Somebody, in whichever thread, is in the call, or has said that they leave. */
  | { readonly kind: 'present' | 'left'; readonly participant: ParticipantId }
  | { readonly kind: 'countAnew' };

/** How somebody stands. */
export interface Standing {
  readonly participant: ParticipantId;
  readonly state: string;
  readonly epoch: Epoch | undefined;
  readonly sending: Epoch | undefined;
  readonly members: number;
  readonly safetyNumber: string | undefined;
  /** A hash over the frame keys of the epoch, which are the same for everybody. */
  readonly keys: string;
  readonly traffic: { readonly messages: number; readonly bytes: number; readonly requests: number };
}

export type Report =
  | { readonly kind: 'created'; readonly invitation: string }
  | { readonly kind: 'joined'; readonly place: number; readonly participant: ParticipantId }
  | { readonly kind: 'stands'; readonly place: number; readonly standing: Standing };

const port = parentPort!;
const people = new Map<number, Person>();
const present = new Set<ParticipantId>();
const report = (what: Report) => port.postMessage(what);

function tellPresence(): void {
  for (const { session, access } of people.values()) if (session && access && present.has(access.admission.participantId)) session.setPresent(new Set(present));
}

function standingOf({ participant, session, epoch, keys, traffic }: Person): Standing {
  const group = session?.group;
  const known = epoch === undefined ? '' : JSON.stringify([...(keys.epochs.get(epoch) ?? [])].sort());
  return {
    participant,
    state: session?.state ?? 'gone',
    epoch,
    sending: keys.sending,
    members: group?.roster.length ?? 0,
    safetyNumber: group?.safetyNumber,
    keys: createHash('sha256').update(known).digest('hex'),
    traffic: { messages: traffic.messages, bytes: traffic.bytes, requests: traffic.requests },
  };
}

/** Reports how somebody stands whenever that is another way, a moment later, so that what happens at once is told once. */
function follow(place: number, person: Person): void {
  people.set(place, person);
  let due: ReturnType<typeof setTimeout> | undefined;
  person.watch(() => {
    due ??= setTimeout(() => {
      due = undefined;
      if (person.access) report({ kind: 'stands', place, standing: standingOf(person) });
    }, 20);
  });
}

async function create(place: number): Promise<void> {
  const person = new Person();
  follow(place, person);
  const invitation = await person.create();
  present.add(person.participant);
  tellPresence();
  report({ kind: 'created', invitation: invitation.toString() });
}

async function join(place: number, invitation: string): Promise<void> {
  const person = new Person();
  follow(place, person);
  await person.join(Invitation.parse(invitation));
  report({ kind: 'joined', place, participant: person.participant });
}

port.on('message', (order: Order) => {
  switch (order.kind) {
    case 'create':
      return void create(order.place);
    case 'join':
      return void join(order.place, order.invitation);
    case 'vanish':
      return people.get(order.place)?.vanish();
    case 'present':
      present.add(order.participant);
      return tellPresence();
    case 'left':
      present.delete(order.participant);
      tellPresence();
      for (const { session } of people.values()) session?.hasLeft(order.participant);
      return;
    case 'countAnew':
      for (const { traffic } of people.values()) Object.assign(traffic, { messages: 0, bytes: 0, requests: 0 });
  }
});
