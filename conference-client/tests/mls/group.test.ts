import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MlsGroup } from '../../src/mls/group.js';
import { toHex } from '../support/bytes.js';
import { runSeed, SeededRandom } from '../support/random.js';
import { candidate, groupOf, noon, person, spread } from './people.js';

/** Everybody has the same epoch, roster, safety number and keys. */
async function assertAgreed(groups: readonly MlsGroup[]) {
  const [first, ...others] = await Promise.all(
    groups.map(async (group) => ({
      epoch: group.epoch,
      number: group.safetyNumber,
      roster: group.roster,
      keys: [...(await group.takeFrameKeys())].map(([publicKey, key]) => `${publicKey} ${toHex(key)}`),
    })),
  );
  for (const other of others) assert.deepEqual(other, first);
  assert.equal(new Set(first!.keys.map((line) => line.split(' ')[1])).size, first!.roster.length, 'two senders have one key');
}

test('members that were added together know each other', async () => {
  const groups = await groupOf(5);
  assert.deepEqual(groups[3]!.roster.map((entry) => entry.publicKey), [0, 1, 2, 3, 4].map((number) => person(number).publicKey));
  assert.match(groups[0]!.safetyNumber, /^(\d{5} ){7}\d{5}$/);
  await assertAgreed(groups);
});

test('a self-update gives everybody new keys and nobody a new name', async () => {
  const groups = await groupOf(3);
  const before = await groups[0]!.takeFrameKeys();
  const pending = await groups[1]!.commit({}, noon);
  const others = await spread(groups, 1, pending.commit);
  const after = [others[0]!, pending.adopt(), others[2]!];
  assert.deepEqual(after[0]!.roster, groups[0]!.roster);
  await assertAgreed([after[1]!, after[2]!]);
  for (const [publicKey, key] of await after[0]!.takeFrameKeys()) assert.notDeepEqual(key, before.get(publicKey));
});

test('keys can be taken once, because their secret is erased then', async () => {
  const [group] = await groupOf(1);
  await group!.takeFrameKeys();
  await assert.rejects(group!.takeFrameKeys());
});

test('who was removed learns so and gets no further, and the others go on without it', async () => {
  const groups = await groupOf(4);
  const leaving = groups[2]!;
  const pending = await groups[0]!.commit({ remove: [leaving.own] }, noon);
  assert.equal((await leaving.process(pending.commit, noon)).kind, 'removed');
  const others = await spread([groups[0]!, groups[1]!, groups[3]!], 0, pending.commit);
  const after = [pending.adopt(), others[1]!, others[2]!];
  assert.equal(after[1]!.memberWith(person(2).publicKey), undefined);

  const next = await after[1]!.commit({}, noon);
  await assert.rejects(leaving.process(next.commit, noon), { reason: 'epoch' });
  await assertAgreed(after);
});

test('who was removed learns so too when somebody else got its place in the same commit', async () => {
  const groups = await groupOf(3);
  const next = await candidate(9);
  const pending = await groups[0]!.commit({ remove: [groups[1]!.own], add: [next.keyPackage] }, noon);
  assert.equal((await groups[1]!.process(pending.commit, noon)).kind, 'removed');
  assert.equal((await groups[2]!.process(pending.commit, noon)).kind, 'epoch');
});

test('who joins at an epoch has other keys than those before it', async () => {
  const groups = await groupOf(2);
  const early = [...(await groups[0]!.takeFrameKeys()).values()].map(toHex);
  const late = await candidate(9);
  const pending = await groups[1]!.commit({ add: [late.keyPackage] }, noon);
  const joined = await MlsGroup.join(pending.welcome!, late, noon);
  for (const key of (await joined.takeFrameKeys()).values()) assert.ok(!early.includes(toHex(key)));
});

test('a member that lost its state comes back in its own place, with a new leaf', async () => {
  const groups = await groupOf(3);
  const back = await MlsGroup.rejoin(await groups[0]!.groupInfo(), await candidate(2), noon);
  const others = await spread(groups.slice(0, 2), -1, back.commit);
  const returned = back.adopt();
  assert.equal(returned.roster.length, 3);
  await assertAgreed([others[0]!, others[1]!, returned]);
});

test('a commit of the wrong epoch or of another group is refused and changes nothing', async () => {
  const groups = await groupOf(2);
  const [stranger] = await groupOf(1);
  const foreign = await stranger!.commit({}, noon);
  await assert.rejects(groups[0]!.process(foreign.commit, noon), { reason: 'epoch' });
  const first = await groups[0]!.commit({}, noon);
  const second = await groups[1]!.commit({}, noon);
  const { group } = (await groups[1]!.process(first.commit, noon)) as { group: MlsGroup };
  await assert.rejects(group.process(second.commit, noon), { reason: 'epoch' });
  await assertAgreed([first.adopt(), group]);
});

test('bytes that are no message are refused, whatever they are', async () => {
  const [group] = await groupOf(2);
  const joining = await candidate(5);
  const random = new SeededRandom(runSeed());
  const genuine = (await group!.commit({ add: [joining.keyPackage] }, noon)) as { commit: Uint8Array; welcome: Uint8Array };
  for (let round = 0; round < 300; round++) {
    const bytes = (round % 2 ? genuine.commit : genuine.welcome).slice(0, random.below(5) ? undefined : random.below(200));
    for (let changes = 1 + random.below(3); changes > 0; changes--) bytes[random.below(bytes.length)] = random.below(256);
    const isGenuine = Buffer.compare(bytes, genuine.commit) === 0 || Buffer.compare(bytes, genuine.welcome) === 0;
    if (isGenuine || bytes.length === 0) continue;
    await assert.rejects(group!.process(bytes, noon), { name: 'Refusal' });
    await assert.rejects(MlsGroup.join(bytes, joining, noon), { name: 'Refusal' });
    await assert.rejects(MlsGroup.rejoin(bytes, joining, noon), { name: 'Refusal' });
  }
});

test('whatever members add, remove, update and come back to, they stay together', async () => {
  const random = new SeededRandom(runSeed());
  let groups = await groupOf(4);
  let next = 100;
  for (let step = 0; step < 16; step++) {
    const by = random.below(groups.length);
    const committer = groups[by]!;
    const joining = random.below(2) && groups.length < 14 ? await Promise.all(Array.from({ length: 1 + random.below(3) }, () => candidate(next++))) : [];
    const leaving = groups.filter((group) => group !== committer && groups.length > 4 && random.below(5) === 0).slice(0, 2);
    const pending = await committer.commit({ add: joining.map(({ keyPackage }) => keyPackage), remove: leaving.map((group) => group.own) }, noon);
    const staying = groups.filter((group) => !leaving.includes(group));
    for (const group of leaving) assert.equal((await group.process(pending.commit, noon)).kind, 'removed');
    const processed = await spread(staying, staying.indexOf(committer), pending.commit);
    const joined = await Promise.all(joining.map((one) => MlsGroup.join(pending.welcome!, one, noon)));
    groups = [...processed.map((group) => group ?? pending.adopt()), ...joined];
    assert.equal(new Set(groups.map((group) => group.safetyNumber)).size, 1, `step ${step}`);
    assert.equal(groups[0]!.roster.length, groups.length);
  }
  await assertAgreed(groups);
});
