// What breaks a group, and how it comes back: run by BuildIt.RoomApi.Tests.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { CommitLog } from '../../src/api/commit-log.js';
import { systemClock } from '../../src/conference/clock.js';
import { seconds } from '../../src/units.js';
import { Person, together } from './person.js';

function wipeRedis(): Promise<void> {
  const [host, port] = (process.env['REDIS'] ?? '127.0.0.1:6379').split(':');
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), host, () => socket.write('FLUSHALL\r\n'));
    socket.on('data', () => socket.end()).on('close', () => resolve()).on('error', reject);
  });
}

const keysOf = (person: Person) => new Set([...person.keys.epochs.values()].flatMap((keys) => [...keys.values()]));

// Everything that Redis had is gone: a new group with new keys, and nobody leaves.
{
  const people = [new Person(), new Person(), new Person()];
  const [ada, bob, carol] = people as [Person, Person, Person];
  const invitation = await ada.create();
  await Promise.all([bob.join(invitation), carol.join(invitation)]);
  await together(people);
  const before = ada.session!.incarnation;
  const old = keysOf(ada);
  await wipeRedis();
  await ada.until(() => people.every(({ session }) => session!.incarnation !== before), 'everybody knows of the new log', 60);
  await together(people, 60);
  assert.ok([...keysOf(ada)].every((key) => !old.has(key)));
  for (const person of people) assert.equal(person.ended, undefined);

  // A member sends what is no commit, and it is first: everybody refuses it, and the host begins anew.
  const { incarnation, group } = ada.session!;
  await new CommitLog(bob.access!).append(incarnation!, group!.epoch, new Uint8Array(200).fill(7), new Uint8Array(50).fill(9));
  await ada.until(() => people.every(({ session }) => session!.incarnation !== incarnation), 'the host begins anew', 60);
  await together(people, 60);
  for (const { session } of people) session!.close();
}

// A proof that ends is renewed in its place before it does.
{
  let ahead = 0;
  const clock = { monotonic: systemClock.monotonic, now: () => seconds(systemClock.now() + ahead) };
  const [ada, bob] = [new Person(), new Person()];
  const lasts = { clock, proofSeconds: 3600 };
  const invitation = await ada.create({}, lasts);
  await bob.join(invitation, lasts);
  await together([ada, bob]);
  const expiry = ada.session!.group!.roster.map(({ expiresAt }) => expiresAt);
  ahead = 3000;
  await ada.until(() => ada.session!.group!.roster.every(({ expiresAt }) => expiresAt > Math.max(...expiry)), 'both proofs are new');
  await together([ada, bob]);
  for (const { session } of [ada, bob]) session!.close();
}

// A clock that is five minutes wrong: requests are dated by the server's.
{
  const now = Date.now;
  Date.now = () => now() + 5 * 60_000;
  const [ada, bob] = [new Person(), new Person()];
  const invitation = await ada.create();
  await bob.join(invitation);
  await together([ada, bob]);
  Date.now = now;
  for (const { session } of [ada, bob]) session!.close();
}

// Everybody has gone, and the host comes back alone: the group that nobody has is given up.
{
  const [ada, bob] = [new Person(), new Person()];
  const invitation = await ada.create();
  await together([ada]);
  ada.vanish();
  await bob.join(invitation);
  bob.session!.setPresent(new Set([bob.participant]));
  await bob.until(() => bob.session!.state === 'alone', 'Bob is told that nobody has the keys');
  await ada.join(invitation);
  for (const person of [ada, bob]) person.session!.setPresent(new Set([ada.participant, bob.participant]));
  await together([ada, bob], 60);
  for (const { session } of [ada, bob]) session!.close();
}
console.log('done');
