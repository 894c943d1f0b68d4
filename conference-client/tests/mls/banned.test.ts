import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeMlsMessage, encodeMlsMessage, type Extension, type Proposal } from 'ts-mls';
import { BANNED_EXTENSION, bannedExtension, bannedIn, MOST_BANNED, withBanned, type BannedMember } from '../../src/mls/banned.js';
import { MlsGroup } from '../../src/mls/group.js';
import { joinFromOutside, treeOf } from '../../src/mls/join.js';
import { suite } from '../../src/mls/suite.js';
import { leavesOf } from '../../src/mls/tree.js';
import { runSeed, SeededRandom } from '../support/random.js';
import { Mallory } from './mallory.js';
import { candidate, groupOf, noon, person, spread } from './people.js';

const bannedOne = (number: number): BannedMember => ({ publicKey: person(number).publicKey, participant: person(number).participant });
const after = async (group: MlsGroup, commit: Uint8Array) => {
  const processed = await group.process(commit, noon);
  assert.ok(processed.kind === 'epoch');
  return processed.group;
};

test('a list is read as it was written, and nothing else is a list', () => {
  const list = [5, 3, 9].map(bannedOne);
  assert.deepEqual(bannedIn([bannedExtension(list)]), list);
  assert.deepEqual(bannedIn([bannedExtension([])]), []);
  const { extensionData } = bannedExtension(list);
  const data = (bytes: Uint8Array): Extension[] => [{ extensionType: BANNED_EXTENSION, extensionData: bytes }];
  const repeated = bannedExtension([bannedOne(1), bannedOne(1)]);
  for (const wrong of [data(new Uint8Array()), data(extensionData.subarray(1)), data(extensionData.subarray(0, -1)), data(Uint8Array.of(2)), [repeated], data(new Uint8Array(1 + 48 * (MOST_BANNED + 1)).fill(1, 0, 1))]) {
    assert.throws(() => bannedIn(wrong), { name: 'Refusal', reason: 'malformed' });
  }
  for (const wrong of [[], [...data(extensionData), ...data(extensionData)], [{ extensionType: 0xfb03, extensionData }]]) {
    assert.throws(() => bannedIn(wrong), { name: 'Refusal', reason: 'policy' });
  }
});

test('a list is no longer than it may be: who has been on it for longest makes room', () => {
  let list: readonly BannedMember[] = [];
  for (let number = 0; number < MOST_BANNED + 2; number++) list = withBanned(list, [bannedOne(number)]);
  assert.equal(list.length, MOST_BANNED);
  assert.equal(list[0]!.publicKey, person(2).publicKey);
  assert.deepEqual(bannedIn([bannedExtension(list)]), list);
  // Who is taken out once more is the last again, and stands there once.
  list = withBanned(list, [bannedOne(2)]);
  assert.equal(list.at(-1)!.publicKey, person(2).publicKey);
  assert.equal(list.length, MOST_BANNED);
});

test('every member knows who was taken out on purpose, also who joins later, comes back or only looks', async () => {
  const groups = await groupOf(4);
  const pending = await groups[0]!.commit({ ban: [bannedOne(2)] }, noon);
  const [, one, , three] = await spread(groups, 0, pending.commit);
  const zero = pending.adopt();
  const later = await candidate(9);
  const addition = await one!.commit({ add: [later.keyPackage] }, noon);
  const welcomed = await MlsGroup.join(addition.welcome!, later, noon);
  const back = await MlsGroup.rejoin(await welcomed.groupInfo(), await candidate(3), noon);
  const [zeroNow, oneNow] = [await after(await after(zero, addition.commit), back.commit), await after(addition.adopt(), back.commit)];
  const looked = await MlsGroup.inspect(await oneNow.groupInfo(), oneNow.room, noon);
  for (const group of [three!, zeroNow, oneNow, welcomed, await after(welcomed, back.commit), back.adopt(), looked]) assert.deepEqual(group.banned, [bannedOne(2)]);
  assert.equal(zeroNow.safetyNumber, oneNow.safetyNumber);
});

test('who is removed learns whether it was on purpose', async () => {
  const groups = await groupOf(3);
  const timedOut = await groups[0]!.commit({ remove: [groups[1]!.own], ban: [bannedOne(7)] }, noon);
  assert.deepEqual(await groups[1]!.process(timedOut.commit, noon), { kind: 'removed', banned: false });
  const banned = await groups[0]!.commit({ ban: [bannedOne(1)] }, noon);
  assert.deepEqual(await groups[1]!.process(banned.commit, noon), { kind: 'removed', banned: true });
  // Both at once, as in a batch: one who is gone, one who is put out, one who comes.
  const joining = await candidate(9);
  const both = await groups[0]!.commit({ remove: [groups[2]!.own], ban: [bannedOne(1)], add: [joining.keyPackage] }, noon);
  assert.deepEqual(await groups[1]!.process(both.commit, noon), { kind: 'removed', banned: true });
  assert.deepEqual(await groups[2]!.process(both.commit, noon), { kind: 'removed', banned: false });
  assert.deepEqual((await MlsGroup.join(both.welcome!, joining, noon)).banned, [bannedOne(1)]);
});

test('a server cannot make a removal on purpose out of another, nor the other way: the commit is signed', async () => {
  const groups = await groupOf(3);
  const { commit } = await groups[0]!.commit({ ban: [bannedOne(1)] }, noon);
  for (let bit = 0; bit < commit.length * 8; bit += 97) {
    const changed = Uint8Array.from(commit);
    changed[bit >> 3]! ^= 1 << (bit & 7);
    await assert.rejects(groups[1]!.process(changed, noon), { name: 'Refusal' });
  }
});

test('who was taken out is added by no honest member, also by one that has just come', async () => {
  const groups = await groupOf(3);
  const joining = await candidate(9);
  const pending = await groups[0]!.commit({ ban: [bannedOne(2)], add: [joining.keyPackage] }, noon);
  const dora = await MlsGroup.join(pending.welcome!, joining, noon);
  const again = await candidate(2);
  await assert.rejects(dora.checkCandidate(again.keyPackage, noon), { reason: 'banned' });
  await assert.rejects(dora.commit({ add: [again.keyPackage] }, noon), { reason: 'banned' });
  await assert.rejects(dora.commit({ add: [again.keyPackage], ban: [bannedOne(2)] }, noon), { reason: 'banned' });
});

test('when a member adds them all the same, nobody takes that over, and nobody comes in there', async () => {
  const { honest, mallory } = await Mallory.inGroup();
  const ban = await honest[0]!.commit({ ban: [bannedOne(2)] }, noon);
  const members = [ban.adopt(), await after(honest[1]!, ban.commit)];
  await mallory.take(ban.commit);
  const again = await candidate(2);
  const { commit, welcome } = await mallory.commit([{ proposalType: 'add', add: { keyPackage: again.keyPackage } }]);
  for (const member of members) await assert.rejects(member.process(commit, noon), { reason: 'banned' });
  await assert.rejects(MlsGroup.join(welcome!, again, noon), { reason: 'banned' });
});

test('a list that is none, or that a member stands on, is taken over by nobody', async () => {
  const { honest, mallory } = await Mallory.inGroup();
  const change = (extensions: Extension[]): Proposal => ({ proposalType: 'group_context_extensions', groupContextExtensions: { extensions } });
  const commits = [
    ['banned', change([bannedExtension([bannedOne(1)])])],
    ['malformed', change([bannedExtension([bannedOne(7), bannedOne(7)])])],
    ['policy', change([])],
    ['policy', change([bannedExtension([]), { extensionType: 0xfb77, extensionData: new Uint8Array() }])],
  ] as const;
  for (const [reason, proposal] of commits) {
    const { commit } = await mallory.commit([proposal]);
    for (const member of honest) await assert.rejects(member.process(commit, noon), { reason });
  }
});

test('who was taken out does not get in from outside, neither with group info of before nor of after', async () => {
  const groups = await groupOf(3);
  const old = await groups[2]!.groupInfo();
  const pending = await groups[0]!.commit({ ban: [bannedOne(2)] }, noon);
  const member = await after(groups[1]!, pending.commit);
  await assert.rejects(member.process((await MlsGroup.rejoin(old, await candidate(2), noon)).commit, noon), { reason: 'epoch' });
  const info = await member.groupInfo();
  await assert.rejects(MlsGroup.rejoin(info, await candidate(2), noon), { reason: 'identity' });
  // The same without its own check, in the place of somebody else.
  const message = decodeMlsMessage(info, 0)![0];
  assert.ok(message.wireformat === 'mls_group_info');
  const { message: publicMessage } = await joinFromOutside(message.groupInfo, { ...(await candidate(2)), publicKey: person(1).publicKey }, await suite());
  const commit = encodeMlsMessage({ version: 'mls10', wireformat: 'mls_public_message', publicMessage });
  for (const one of [member, pending.adopt()]) await assert.rejects(one.process(commit, noon), { reason: 'identity' });
});

test('group info from which a server took a name off the list is refused', async () => {
  const groups = await groupOf(3);
  const pending = await groups[0]!.commit({ ban: [bannedOne(2)] }, noon);
  const message = decodeMlsMessage(await pending.groupInfo(), 0)![0];
  assert.ok(message.wireformat === 'mls_group_info');
  const { groupInfo } = message;
  const changed = { ...groupInfo, groupContext: { ...groupInfo.groupContext, extensions: [bannedExtension([])] } };
  await assert.rejects(MlsGroup.inspect(encodeMlsMessage({ ...message, groupInfo: changed }), groups[0]!.room, noon), { reason: 'invalid' });
});

test('who is let back can be added, in the same commit or later, and everybody agrees', async () => {
  const groups = await groupOf(4);
  const ban = await groups[0]!.commit({ ban: [bannedOne(2), bannedOne(3)] }, noon);
  const one = await after(groups[1]!, ban.commit);
  const back = await candidate(2);
  const readmission = await ban.adopt().commit({ readmit: [person(2).publicKey, person(3).publicKey], add: [back.keyPackage] }, noon);
  const two = await MlsGroup.join(readmission.welcome!, back, noon);
  const [zeroNow, oneNow] = [readmission.adopt(), await after(one, readmission.commit)];
  for (const group of [zeroNow, oneNow, two]) assert.deepEqual(group.banned, []);
  assert.equal(zeroNow.safetyNumber, two.safetyNumber);
  const later = await candidate(3);
  assert.equal((await MlsGroup.join((await oneNow.commit({ add: [later.keyPackage] }, noon)).welcome!, later, noon)).roster.length, 4);
});

test('who is gone already can be kept out too, and a group that starts anew begins with the list', async () => {
  const groups = await groupOf(2);
  const pending = await groups[0]!.commit({ ban: [bannedOne(30)] }, noon);
  const other = await after(groups[1]!, pending.commit);
  assert.equal(pending.adopt().safetyNumber, other.safetyNumber);
  const anew = await MlsGroup.create(await candidate(1), noon, other.banned);
  assert.deepEqual(anew.banned, [bannedOne(30)]);
  await assert.rejects(anew.commit({ add: [(await candidate(30)).keyPackage] }, noon), { reason: 'banned' });
  await assert.rejects(MlsGroup.create(await candidate(30), noon, other.banned), { reason: 'banned' });
});

test('a commit that changes the list gives its author new keys (RFC 9420 section 12.4), whatever else it does', async () => {
  const sources = async (info: Uint8Array) => {
    const message = decodeMlsMessage(info, 0)![0];
    assert.ok(message.wireformat === 'mls_group_info');
    return [...leavesOf(await treeOf(message.groupInfo, await suite()))].map(([, leaf]) => leaf.leafNodeSource);
  };
  for (const changes of [{ ban: [bannedOne(40)] }, { ban: [bannedOne(3)] }, { readmit: [person(3).publicKey] }, { ban: [bannedOne(40)], add: [(await candidate(41)).keyPackage] }]) {
    const groups = await groupOf(5);
    assert.equal((await sources(await groups[0]!.groupInfo()))[0], 'key_package');
    const pending = await groups[0]!.commit(changes, noon);
    assert.equal((await sources(await pending.groupInfo()))[0], 'commit');
    for (const member of [groups[1]!, groups[4]!]) assert.deepEqual((await after(member, pending.commit)).banned, changes.ban ?? []);
  }
});

test('the client of somebody who does not know the list is not let in', async () => {
  const [group] = await groupOf(1);
  const { keyPackage } = await candidate(30);
  const capabilities = { ...keyPackage.leafNode.capabilities, extensions: keyPackage.leafNode.capabilities.extensions.filter((type) => type !== BANNED_EXTENSION) };
  await assert.rejects(group!.checkCandidate({ ...keyPackage, leafNode: { ...keyPackage.leafNode, capabilities } }, noon), { reason: 'policy' });
});

test('whatever members take out, let back, add, update and come back to, they stay together', async () => {
  const random = new SeededRandom(runSeed());
  let groups = await groupOf(5);
  const out: number[] = [];
  let next = 100;
  const numbers = new Map<string, number>(Array.from({ length: 160 }, (_, number) => [person(number).publicKey, number]));
  for (let step = 0; step < 14; step++) {
    const by = random.below(groups.length);
    const committer = groups[by]!;
    const keyOf = (group: MlsGroup) => group.roster.find(({ leaf }) => leaf === group.own)!;
    const banning = groups.length > 3 && random.below(2) ? groups.filter((group) => group !== committer).slice(0, 1 + random.below(2)) : [];
    const back = out.length > 0 && random.below(2) ? out.splice(0, 1) : [];
    const adding = await Promise.all([...back, ...(random.below(2) ? [next++] : [])].map((number) => candidate(number)));
    const changes = { ban: banning.map(keyOf), readmit: back.map((number) => person(number).publicKey), add: adding.map(({ keyPackage }) => keyPackage) };
    const pending = await committer.commit(changes, noon);
    for (const group of banning) {
      assert.deepEqual(await group.process(pending.commit, noon), { kind: 'removed', banned: true });
      out.push(numbers.get(keyOf(group).publicKey)!);
    }
    const staying = groups.filter((group) => !banning.includes(group));
    const processed = await spread(staying, staying.indexOf(committer), pending.commit);
    groups = [...processed.map((group) => group ?? pending.adopt()), ...(await Promise.all(adding.map((one) => MlsGroup.join(pending.welcome!, one, noon))))];
    assert.equal(new Set(groups.map((group) => group.safetyNumber)).size, 1, `step ${step}`);
    assert.deepEqual(groups[0]!.banned.map(({ publicKey }) => publicKey).sort(), out.map((number) => person(number).publicKey as string).sort());
    assert.equal(groups[0]!.roster.length, groups.length);
  }
});
