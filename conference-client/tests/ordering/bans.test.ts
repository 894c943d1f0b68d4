import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MlsGroup } from '../../src/mls/group.js';
import type { Effect, Input } from '../../src/ordering/messages.js';
import { Ordering } from '../../src/ordering/ordering.js';
import { BETWEEN_COMMITS } from '../../src/ordering/timing.js';
import { epochNumber, milliseconds, nostrPublicKey, type NostrPublicKey } from '../../src/units.js';
import { candidate, noon, person } from '../mls/people.js';
import { runSeed, SeededRandom } from '../support/random.js';
import { worldOf } from './together.js';
import type { Member, World } from './world.js';

const key = (letter: string) => nostrPublicKey(letter.repeat(64));
const [ada, bob, cleo, dan] = [key('a'), key('b'), key('c'), key('d')];
const commit = (epoch: number): Extract<Effect, { kind: 'prepare' }> => ({ kind: 'prepare', epoch: epochNumber(epoch), add: [], remove: [], ban: [], readmit: [] });
const entered = (epoch: number, roster: readonly NostrPublicKey[], banned: readonly NostrPublicKey[] = []): Input => ({ kind: 'entered', epoch: epochNumber(epoch), roster, banned });
const prepared = (effects: readonly Effect[]) => effects.filter(({ kind }) => kind === 'prepare');

/** Ada in epoch 5 with Bob and Cleo, at time 0. */
function started() {
  const ordering = new Ordering(ada);
  const give = (input: Input, now: number) => ordering.handle(input, milliseconds(now));
  give(entered(5, [ada, bob, cleo]), 0);
  return give;
}

test('a removal is wanted until somebody stands on the list, whoever took them out and why', () => {
  const give = started();
  assert.deepEqual(prepared(give({ kind: 'ban', publicKey: bob }, 1)), [{ ...commit(5), ban: [bob] }]);
  give({ kind: 'prepared', epoch: epochNumber(5) }, 2);
  give({ kind: 'lost', epoch: epochNumber(5), winner: Uint8Array.of(1) }, 3);
  // The winner counted Bob as gone; without more he would come again.
  assert.deepEqual(prepared(give(entered(6, [ada, cleo]), 4)), [{ ...commit(6), ban: [bob] }]);
  give({ kind: 'prepared', epoch: epochNumber(6) }, 5);
  give({ kind: 'lost', epoch: epochNumber(6), winner: Uint8Array.of(2) }, 6);
  // The next winner added him again.
  assert.deepEqual(prepared(give(entered(7, [ada, bob, cleo]), 7)), [{ ...commit(7), ban: [bob] }]);
  give({ kind: 'prepared', epoch: epochNumber(7) }, 8);
  give({ kind: 'lost', epoch: epochNumber(7), winner: Uint8Array.of(3) }, 9);
  assert.deepEqual(prepared(give(entered(8, [ada, cleo], [bob]), 10)), [], 'somebody else took him out on purpose');
});

test('an epoch that begins with somebody who is to be removed changes nothing about it', () => {
  const give = started();
  give({ kind: 'ordered', epoch: epochNumber(5), commit: Uint8Array.of(1), own: false }, 1);
  assert.deepEqual(prepared(give({ kind: 'ban', publicKey: bob }, 2)), []);
  assert.deepEqual(prepared(give(entered(6, [ada, bob, cleo]), 3)), [{ ...commit(6), ban: [bob] }]);
});

test('who is to be removed, or stands on the list, is not added', () => {
  const give = started();
  give({ kind: 'arrived', publicKey: dan }, 1);
  assert.deepEqual(prepared(give({ kind: 'ban', publicKey: dan }, 2)), [{ ...commit(5), ban: [dan] }]);
  give({ kind: 'arrived', publicKey: dan }, 3);
  give({ kind: 'prepared', epoch: epochNumber(5) }, 4);
  give({ kind: 'won', epoch: epochNumber(5) }, 5);
  assert.deepEqual(prepared(give(entered(6, [ada, bob, cleo], [dan]), 6)), []);
  assert.deepEqual(prepared(give({ kind: 'tick' }, 6 + BETWEEN_COMMITS * 9)), []);
});

test('who arrived before somebody else took them out is not added either', () => {
  const give = started();
  give({ kind: 'arrived', publicKey: dan }, 1);
  give(entered(6, [ada, bob, cleo], [dan]), 2);
  assert.deepEqual(prepared(give({ kind: 'tick' }, 2 + BETWEEN_COMMITS * 9)), []);
});

test('a removal goes into one commit with a batch, and who is gone anyway is removed once', () => {
  const give = started();
  give({ kind: 'arrived', publicKey: dan }, 1);
  give({ kind: 'left', publicKey: bob }, 2);
  give({ kind: 'left', publicKey: cleo }, 2);
  assert.deepEqual(prepared(give({ kind: 'ban', publicKey: bob }, 3)), [{ ...commit(5), add: [dan], remove: [cleo], ban: [bob] }]);
});

test('letting back takes somebody off the list, and the last word of the user counts', () => {
  const give = started();
  give(entered(6, [ada, cleo], [bob]), 1);
  assert.deepEqual(prepared(give({ kind: 'ban', publicKey: bob }, 2)), [], 'he is out already');
  assert.deepEqual(prepared(give({ kind: 'readmit', publicKey: cleo }, 2)), [], 'she is not out');
  assert.deepEqual(prepared(give({ kind: 'readmit', publicKey: bob }, 3)), [{ ...commit(6), readmit: [bob] }]);
  give({ kind: 'ban', publicKey: bob }, 4);
  give({ kind: 'unfit', epoch: epochNumber(6), people: [dan] }, 5);
  assert.deepEqual(prepared(give({ kind: 'tick' }, 6)), []);
  const other = started();
  other({ kind: 'ban', publicKey: ada }, 1);
  assert.deepEqual(prepared(other({ kind: 'tick' }, 2)), [], 'nobody takes themselves out');
});

const [one, two, three, four] = [0, 1, 2, 3];
const inCall = (world: World) => world.members.filter(({ out }) => out === undefined);
const assertOut = (world: World, out: readonly Member[]) => {
  const keys = out.map(({ publicKey }) => publicKey).sort();
  for (const member of inCall(world)) {
    assert.equal(member.astray, undefined);
    assert.deepEqual(member.group!.banned.map(({ publicKey }) => publicKey).sort(), keys);
    assert.equal(member.group!.roster.length, inCall(world).length);
  }
  assert.equal(new Set(inCall(world).map(({ group }) => group!.safetyNumber)).size, 1);
  for (const member of out) assert.equal(member.out, 'banned');
};
const allSettled = (world: World, out: readonly Member[]) => () =>
  out.every((member) => member.out !== undefined) && inCall(world).every((member) => member.group!.epoch === world.log.length && member.sending === world.log.length && member.group!.banned.length === out.length);

test('two members who remove somebody at the same moment, the same or each another, with delays and losses', async () => {
  const random = new SeededRandom(runSeed());
  for (let round = 0; round < 8; round++) {
    const world = await worldOf(6, random.below(1e9), { delay: 900, lost: 12 });
    const [first, second, third, fourth] = [two, three, one, four].map((index) => world.members[index]!) as [Member, Member, Member, Member];
    const out = round % 2 ? [third] : [third, fourth];
    await world.tell(first, { kind: 'ban', publicKey: third.publicKey });
    await world.tell(second, { kind: 'ban', publicKey: out.at(-1)!.publicKey });
    await world.until(allSettled(world, out));
    assertOut(world, out);
  }
});

test('a removal is on purpose also when it loses its epoch to one that counts the same person as gone', async () => {
  const random = new SeededRandom(runSeed());
  let lost = 0;
  for (let round = 0; round < 8; round++) {
    const world = await worldOf(4, random.below(1e9), { delay: 400, lost: 5 });
    const [remover, gone] = [world.members[three]!, world.members[two]!];
    world.depart(gone, false);
    world.at(1000 + random.below(800), () => world.tell(remover, { kind: 'ban', publicKey: gone.publicKey }));
    const others = world.members.filter((member) => member !== gone);
    await world.until(() => gone.out !== undefined && others.every((member) => member.group!.banned.length === 1 && member.sending === world.log.length));
    if (gone.out === 'gone') lost++;
    assert.ok(others.every((member) => member.group!.banned[0]!.publicKey === gone.publicKey));
  }
  assert.ok(lost > 0, 'no removal lost its epoch');
});

test('a removal during a batch of people who come and go takes out whom it names', async () => {
  const world = await worldOf(4, runSeed(), { delay: 300, lost: 5 });
  const candidates = await Promise.all([50, 51, 52, 53].map((number) => candidate(number)));
  candidates.forEach((joining, index) => world.at(index * 150, () => world.arrive(joining)));
  const out = world.members[two]!;
  world.at(400, () => world.tell(world.members[three]!, { kind: 'ban', publicKey: out.publicKey }));
  await world.until(() => inCall(world).length === 7 && world.members.length === 8 && allSettled(world, [out])());
  assertOut(world, [out]);
});

test('who comes back from outside just before the removal is removed all the same', async () => {
  const world = await worldOf(3, runSeed(), { delay: 200, lost: 0 });
  const [remover, , returning] = world.members as [Member, Member, Member];
  const back = await MlsGroup.rejoin(await remover.group!.groupInfo(), await candidate(2), noon);
  world.members.splice(world.members.indexOf(returning), 1);
  world.order(back.commit);
  await world.tell(remover, { kind: 'ban', publicKey: person(2).publicKey });
  await world.until(() => world.members.every((member) => member.group!.banned.length === 1 && member.group!.roster.length === 2));
  // It was removed in the epoch that its return began.
  const removal = await back.adopt().process(world.log.at(-1)!.commit, noon);
  assert.deepEqual(removal, { kind: 'removed', banned: true });
});
