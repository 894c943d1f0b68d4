import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeMlsMessage, encodeMlsMessage } from 'ts-mls';
import { MlsGroup } from '../../src/mls/group.js';
import { joinFromOutside } from '../../src/mls/join.js';
import { suite } from '../../src/mls/suite.js';
import { Mallory } from './mallory.js';
import { candidate, groupOf, noon, person } from './people.js';

test('a member that is in the group cannot be added once more', async () => {
  const { honest, mallory } = await Mallory.inGroup();
  const again = await candidate(1);
  await assert.rejects(honest[0]!.commit({ add: [again.keyPackage] }, noon), { reason: 'identity' });
  await assert.rejects(mallory.commit([{ proposalType: 'add', add: { keyPackage: again.keyPackage } }]));
});

test('a member can be replaced by itself in one commit', async () => {
  const groups = await groupOf(3);
  const again = await candidate(2);
  const pending = await groups[0]!.commit({ remove: [groups[2]!.own], add: [again.keyPackage] }, noon);
  const processed = await groups[1]!.process(pending.commit, noon);
  assert.equal(processed.kind === 'epoch' && processed.group.roster.length, 3);
  assert.equal((await MlsGroup.join(pending.welcome!, again, noon)).roster.length, 3);
});

test('nobody removes itself, and what is not there cannot be removed', async () => {
  const groups = await groupOf(2);
  await assert.rejects(groups[0]!.commit({ remove: [groups[0]!.own] }, noon), { reason: 'policy' });
  await assert.rejects(groups[0]!.commit({ remove: [40 as typeof groups[0]['own']] }, noon), { name: 'Refusal' });
});

test('proposals that a conference has no use for are refused', async () => {
  const { honest, mallory } = await Mallory.inGroup();
  const hostile = [
    await mallory.commit([{ proposalType: 'group_context_extensions', groupContextExtensions: { extensions: [] } }]),
    await mallory.commit([{ proposalType: 'reinit', reinit: { groupId: new Uint8Array(16), version: 'mls10', cipherSuite: 'MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519', extensions: [] } }]),
  ];
  for (const { commit } of hostile) {
    for (const member of honest) await assert.rejects(member.process(commit, noon), { reason: 'policy' });
  }
});

test('a key package that somebody changed is refused', async () => {
  const groups = await groupOf(2);
  const { keyPackage } = await candidate(30);
  const other = await candidate(31);
  for (const changed of [
    { ...keyPackage, initKey: other.keyPackage.initKey },
    { ...keyPackage, leafNode: other.keyPackage.leafNode },
    { ...keyPackage, initKey: keyPackage.leafNode.hpkePublicKey },
    { ...keyPackage, signature: other.keyPackage.signature },
    { ...keyPackage, leafNode: { ...keyPackage.leafNode, hpkePublicKey: other.keyPackage.leafNode.hpkePublicKey } },
  ]) {
    await assert.rejects(groups[0]!.commit({ add: [other.keyPackage, changed] }, noon), { reason: 'invalid' });
  }
  await groups[0]!.commit({ add: [other.keyPackage, keyPackage] }, noon);
});

test('a Welcome that names another suite is refused', async () => {
  const groups = await groupOf(2);
  const joining = await candidate(30);
  const { welcome } = await groups[0]!.commit({ add: [joining.keyPackage] }, noon);
  // MLSMessage: version and wire format, two bytes each; then the suite (RFC 9420 section 12.4.3.1).
  const changed = Uint8Array.from(welcome!);
  assert.equal(new DataView(changed.buffer).getUint16(4), 1);
  new DataView(changed.buffer).setUint16(4, 3);
  await assert.rejects(MlsGroup.join(changed, joining, noon), { reason: 'policy' });
  await MlsGroup.join(welcome!, joining, noon);
});

test('members do not commit in public, where a server could read the roster', async () => {
  const { honest, mallory } = await Mallory.inGroup();
  const { commit } = await mallory.commit([], { asPublicMessage: true });
  for (const member of honest) await assert.rejects(member.process(commit, noon), { reason: 'policy' });
});

test('somebody who only has the GroupInfo cannot get in with it', async () => {
  const groups = await groupOf(3);
  const info = await groups[0]!.groupInfo();
  await assert.rejects(MlsGroup.rejoin(info, await candidate(30), noon), { reason: 'identity' });

  // The same without the stranger's own check: it takes the place of a member whose key it does not have.
  const message = decodeMlsMessage(info, 0)![0];
  assert.ok(message.wireformat === 'mls_group_info');
  const stranger = { ...(await candidate(30)), publicKey: person(2).publicKey };
  const { message: publicMessage } = await joinFromOutside(message.groupInfo, stranger, await suite());
  const commit = encodeMlsMessage({ version: 'mls10', wireformat: 'mls_public_message', publicMessage });
  for (const member of groups) await assert.rejects(member.process(commit, noon), { reason: 'identity' });
});

test('a member that was removed does not come back by itself', async () => {
  const groups = await groupOf(3);
  const info = await groups[2]!.groupInfo();
  const pending = await groups[0]!.commit({ remove: [groups[2]!.own] }, noon);
  const processed = await groups[1]!.process(pending.commit, noon);
  assert.ok(processed.kind === 'epoch');
  const old = await MlsGroup.rejoin(info, await candidate(2), noon);
  await assert.rejects(processed.group.process(old.commit, noon), { reason: 'epoch' });
  await assert.rejects(MlsGroup.rejoin(await processed.group.groupInfo(), await candidate(2), noon), { reason: 'identity' });
});
