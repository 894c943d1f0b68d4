// Fifty people come within ten seconds and leave within ten: run by BuildIt.RoomApi.Tests. Who is in the call is known here from
// the script instead of the SFU.
import assert from 'node:assert/strict';
import type { ParticipantId } from '../../src/units.js';
import { Person, together } from './person.js';

const PEOPLE = Number(process.env['PEOPLE'] ?? 50);
const WITHIN = 10_000;

const [host, ...guests] = Array.from({ length: PEOPLE }, () => new Person());
const present = new Set<ParticipantId>();
const tellPresence = () => {
  for (const person of [host!, ...guests]) if (person.session && present.has(person.participant)) person.session.setPresent(new Set(present));
};
const wait = (time: number) => new Promise((resolve) => setTimeout(resolve, time));
const seconds = (since: number) => ((performance.now() - since) / 1000).toFixed(1);
const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] ?? 0;

const invitation = await host!.create();
present.add(host!.participant);
await together([host!]);

const began = performance.now();
await Promise.all(guests.map(async (guest, index) => {
  await wait((index * WITHIN) / guests.length);
  await guest.join(invitation);
  present.add(guest.participant);
  tellPresence();
}));
const asked = seconds(began);
const all = [host!, ...guests];
await together(all, 120);
const rounds = host!.epoch!;
console.log(`${PEOPLE} joined within ${asked} s and were together ${(Number(seconds(began)) - Number(asked)).toFixed(1)} s later, after ${rounds} commits`);
console.log(`each received (median) ${median(all.map(({ traffic }) => traffic.messages))} messages, ${(median(all.map(({ traffic }) => traffic.bytes)) / 1024).toFixed(0)} KiB; made ${median(all.map(({ traffic }) => traffic.requests))} requests`);
assert.ok(rounds <= 15, `${rounds} commits for ${PEOPLE} people`);

const stay = all.slice(0, 5);
const leave = all.slice(5);
for (const { traffic } of stay) Object.assign(traffic, { messages: 0, bytes: 0 });
const left = performance.now();
await Promise.all(leave.map(async (person, index) => {
  await wait((index * WITHIN) / leave.length);
  present.delete(person.participant);
  const { participant } = person;
  person.vanish();
  tellPresence();
  for (const other of all) if (other.session) other.session.hasLeft(participant);
}));
const gone = seconds(left);
await together(stay, 120);
console.log(`${leave.length} left within ${gone} s, and the others were together ${(Number(seconds(left)) - Number(gone)).toFixed(1)} s later, after ${host!.epoch! - rounds} commits`);
console.log(`each received (median) ${median(stay.map(({ traffic }) => traffic.messages))} messages, ${(median(stay.map(({ traffic }) => traffic.bytes)) / 1024).toFixed(0)} KiB`);
assert.ok(host!.epoch! - rounds <= 15);
for (const person of stay) person.session?.close();
