import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sealGroupInfo } from '../../src/conference/group-info.js';
import { encodeKeyPackage } from '../../src/mls/member.js';
import { MlsGroup } from '../../src/mls/group.js';
import { candidate, groupOf, noon, person } from '../mls/people.js';
import { Town, type Townsman } from './town.js';

// Whatever is loaded once shall not be in the way of virtual time.
await groupOf(2);

async function inTown(run: (town: Town) => Promise<void>): Promise<void> {
  const town = new Town();
  try {
    await run(town);
    for (const { ended } of town.people) assert.equal(ended, undefined);
  } finally {
    town.close();
  }
}

/** Alice, who is a host, Bob and Carol, in the call for so long that they have settled. */
async function three(town: Town): Promise<[Townsman, Townsman, Townsman]> {
  const alice = await town.enter(0, true);
  const [bob, carol] = [await town.enter(1), await town.enter(2)];
  await town.together([alice, bob, carol]);
  await town.time.advance(20_000);
  return [alice, bob, carol];
}

const assertOut = async (town: Town, out: Townsman, members: readonly Townsman[]) => {
  await town.time.advance(60_000);
  assert.equal(out.session.state, 'removed');
  assert.equal(out.keys.size, 0);
  await town.together(members, 0);
  for (const member of members) assert.deepEqual(member.banned, [out.publicKey]);
};

test('the sequence that let somebody back: a newcomer, a removal, and a page that stood still meanwhile', () => inTown(async (town) => {
  const [alice, bob, carol] = await three(town);
  const dora = await town.enter(3);
  await town.together([alice, bob, carol, dora]);
  // Dora has been there for five seconds, so by her own view of the call she cannot tell a removal from somebody who left.
  await town.time.advance(5000);
  bob.stall();
  alice.session.remove(bob.person);
  await town.together([alice, carol, dora]);
  await town.time.advance(6000);
  bob.wake(6000);
  await assertOut(town, bob, [alice, carol, dora]);
}));

test('a newcomer asks the server once for group info', () => inTown(async (town) => {
  const people = await three(town);
  const asked: number[] = [];
  const truth = town.groupInfoFor;
  town.groupInfoFor = (who) => {
    asked.push(town.people.indexOf(who));
    return truth(who);
  };
  const dora = await town.enter(3);
  await town.together([...people, dora]);
  assert.deepEqual(asked, [3]);
}));

test('whose connection was interrupted is out all the same, and whoever comes later keeps them out too', () => inTown(async (town) => {
  const [alice, bob, carol] = await three(town);
  town.show(bob);
  await town.time.advance(3000);
  town.show();
  alice.session.remove(bob.person);
  await town.together([alice, carol]);
  const dora = await town.enter(3);
  await town.together([alice, carol, dora]);
  await assertOut(town, bob, [alice, carol, dora]);
  // Also when nobody of those who saw it is there any more.
  for (const gone of [alice, carol]) {
    gone.session.close();
    town.people.splice(town.people.indexOf(gone), 1);
    for (const { session } of town.people) session.hasLeft(gone.participant);
  }
  town.show();
  await town.together([dora]);
  await assertOut(town, bob, [dora]);
}));

test('who was away for a while comes back by itself, and nobody takes that for a removal', () => inTown(async (town) => {
  const [alice, bob, carol] = await three(town);
  bob.stall();
  town.show(bob);
  await town.together([alice, carol]);
  assert.deepEqual(alice.banned, []);
  bob.wake(15_000);
  town.show();
  await town.together([alice, bob, carol]);
}));

test('a page that is loaded again by somebody who was taken out says so, and asks nobody', () => inTown(async (town) => {
  const [alice, bob, carol] = await three(town);
  alice.session.remove(bob.person);
  await town.together([alice, carol]);
  bob.session.close();
  town.people.splice(town.people.indexOf(bob), 1);
  const again = await town.enter(1);
  await assertOut(town, again, [alice, carol]);
}));

test('a client that asks in spite of it is let in by nobody', () => inTown(async (town) => {
  const [alice, bob, carol] = await three(town);
  const dora = await town.enter(3);
  await town.together([alice, bob, carol, dora]);
  alice.session.remove(bob.person);
  await town.together([alice, carol, dora]);
  const { keyPackage } = await candidate(1, noon);
  for (const { receive } of [alice, carol, dora]) receive?.({ kind: 'keyPackage', incarnation: town.log.head.incarnation, body: encodeKeyPackage(keyPackage), from: bob.publicKey });
  await town.time.advance(1);
  await assertOut(town, bob, [alice, carol, dora]);
  // Nor from outside, with group info that it has: the log takes it, and no member does.
  const info = await alice.session.group!.groupInfo();
  await assert.rejects(MlsGroup.rejoin(info, await candidate(1, noon), noon), { reason: 'identity' });
}));

test('group info of before the removal, which a server shows again, does not make anybody come back', () => inTown(async (town) => {
  const [alice, bob, carol] = await three(town);
  const old = { head: town.log.head, groupInfo: town.log.groupInfo };
  alice.session.remove(bob.person);
  const truth = town.groupInfoFor;
  town.groupInfoFor = (who) => (who === bob ? old : truth(who));
  await town.together([alice, carol]);
  await assertOut(town, bob, [alice, carol]);
}));

test('a server cannot have a member that comes back do so into an earlier epoch, with people who are out', () => inTown(async (town) => {
  const [alice, bob, carol] = await three(town);
  const old = { head: town.log.head, groupInfo: town.log.groupInfo };
  alice.session.remove(bob.person);
  await town.together([alice, carol]);
  carol.stall();
  town.show(carol);
  await town.together([alice]);
  const truth = town.groupInfoFor;
  town.groupInfoFor = (who) => (who === carol ? old : truth(who));
  const written: number[] = [];
  const write = town.log.write.bind(town.log);
  town.log.write = (incarnation, epoch, by, ...what) => {
    if (by === carol.participant) written.push(epoch);
    return write(incarnation, epoch, by, ...what);
  };
  carol.wake(15_000);
  town.show();
  await town.time.advance(20_000);
  assert.deepEqual(written, [], 'she commits to the old epoch');
  assert.notEqual(carol.session.state, 'member');
  assert.deepEqual(carol.banned, [bob.publicKey]);
  town.groupInfoFor = truth;
  await town.together([alice, carol]);
  await assertOut(town, bob, [alice, carol]);
}));

test('who is let back comes in by itself, whoever of the members says so', () => inTown(async (town) => {
  const [alice, bob, carol] = await three(town);
  alice.session.remove(bob.person);
  await town.together([alice, carol]);
  await assertOut(town, bob, [alice, carol]);
  carol.session.readmit(bob.publicKey);
  await town.together([alice, bob, carol]);
  for (const { banned } of [alice, bob, carol]) assert.deepEqual(banned, []);
  // And can be taken out again.
  carol.session.remove(bob.person);
  await town.together([alice, carol]);
  await assertOut(town, bob, [alice, carol]);
}));

test('a removal that an epoch with the person in it overtakes is carried out in the next', () => inTown(async (town) => {
  const [alice, bob, carol] = await three(town);
  carol.session.rekey();
  alice.session.remove(bob.person);
  await town.together([alice, carol]);
  await assertOut(town, bob, [alice, carol]);
}));

test('two who remove each other: the first is in force, and the other is out', () => inTown(async (town) => {
  const [alice, bob, carol] = await three(town);
  alice.session.remove(bob.person);
  bob.session.remove(alice.person);
  await town.time.until(() => [alice, bob].some(({ session }) => session.state === 'removed'), 'one of them is out');
  const [out, member] = alice.session.state === 'removed' ? [alice, bob] : [bob, alice];
  await town.together([member, carol]);
  await assertOut(town, out, [member, carol]);
}));

test('somebody who was counted as gone a moment before is kept out too', () => inTown(async (town) => {
  const [alice, bob, carol] = await three(town);
  bob.stall();
  town.show(bob);
  await town.together([alice, carol]);
  alice.session.remove(bob.person);
  bob.wake(15_000);
  town.show();
  await town.together([alice, carol]);
  await assertOut(town, bob, [alice, carol]);
}));

test('a log that starts anew makes nobody forget: who is out founds no group, and is in none', () => inTown(async (town) => {
  const [alice, bob, carol] = await three(town);
  alice.session.remove(bob.person);
  await town.together([alice, carol]);
  for (let times = 0; times < 3; times++) {
    town.log.startAnew();
    await town.time.until(() => alice.session.incarnation === town.log.head.incarnation, 'Alice knows of the new log');
    await town.together([alice, carol]);
    await assertOut(town, bob, [alice, carol]);
  }
}));

test('a newcomer who knows nothing forms the new group: those who know tell it', () => inTown(async (town) => {
  const [alice, bob, carol] = await three(town);
  alice.session.remove(bob.person);
  await town.together([alice, carol]);
  for (const one of [alice, bob, carol]) one.stall();
  town.log.startAnew();
  const dora = await town.enter(3);
  await town.together([dora]);
  for (const one of [alice, carol]) one.wake(0);
  await town.together([alice, carol, dora]);
  await town.time.until(() => dora.banned.length === 1, 'Dora knows');
  bob.wake(0);
  await assertOut(town, bob, [alice, carol, dora]);
}));

test('nobody who knows enters a new group that has somebody in it who was taken out; a host starts another', () => inTown(async (town) => {
  const [alice, bob, carol] = await three(town);
  alice.session.remove(bob.person);
  await town.together([alice, carol]);
  for (const one of [alice, carol]) one.stall();
  bob.session.close();
  town.log.startAnew();
  // Bob, with a client of his own, is the first.
  const { incarnation } = town.log.head;
  const group = await MlsGroup.create(await candidate(1, noon), noon);
  town.log.write(incarnation, 0, person(1).participant, undefined, await sealGroupInfo(town.invitation, incarnation, 0, await group.groupInfo()));
  carol.wake(0);
  await town.time.until(() => carol.session.state === 'broken', 'Carol is told');
  assert.equal(carol.keys.size, 0);
  alice.wake(0);
  await town.together([alice, carol]);
  assert.notEqual(town.log.head.incarnation, incarnation);
  for (const { banned } of [alice, carol]) assert.deepEqual(banned, [bob.publicKey]);
}));
