import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateKeyPackageWithKey, type Credential, type Extension } from 'ts-mls';
import { MlsGroup } from '../../src/mls/group.js';
import { makeCandidate, type Candidate } from '../../src/mls/member.js';
import { BANNED_EXTENSION } from '../../src/mls/banned.js';
import { checkProof, CLOCK_TOLERANCE, decodeProof, encodeProof, LONGEST_PROOF, PROOF_EXTENSION, signProof } from '../../src/mls/proof.js';
import { suite, SUITE_NAME } from '../../src/mls/suite.js';
import { roomId, seconds } from '../../src/units.js';
import { flip, fromHex, pattern } from '../support/bytes.js';
import { Mallory } from './mallory.js';
import { candidate, groupOf, noon, person, room, spread } from './people.js';

const ada = person(0);
const subject = { room, publicKey: ada.publicKey, signatureKey: pattern(32, 5) };
const later = (after: number) => seconds(noon + after);

test('a proof is good for its room, key and member, and for nothing else', async () => {
  const proof = await signProof(ada.signer, subject, ada.participant, noon, later(3600));
  assert.equal(checkProof(proof, subject, noon), 'valid');
  assert.equal(checkProof(proof, { ...subject, room: roomId('another') }, noon), 'wrong');
  assert.equal(checkProof(proof, { ...subject, publicKey: person(1).publicKey }, noon), 'wrong');
  assert.equal(checkProof(proof, { ...subject, signatureKey: pattern(32, 6) }, noon), 'wrong');
  assert.equal(checkProof({ ...proof, expiresAt: later(3601) }, subject, noon), 'wrong');
  assert.equal(checkProof({ ...proof, createdAt: later(1) }, subject, noon), 'wrong');
  assert.equal(checkProof({ ...proof, participant: person(1).participant }, subject, noon), 'wrong');
});

test('not one bit of a proof can be changed', async () => {
  const bytes = encodeProof(await signProof(ada.signer, subject, ada.participant, noon, later(3600)));
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const changed = decodeProof(flip(bytes, bit));
    assert.ok(!changed || checkProof(changed, subject, noon) !== 'valid', `bit ${bit}`);
  }
  assert.equal(checkProof(decodeProof(bytes)!, subject, noon), 'valid');
  for (let length = 0; length < bytes.length; length++) assert.equal(decodeProof(bytes.slice(0, length)), undefined);
});

test('a proof ends, by clocks that may be 10 minutes apart', async () => {
  const proof = await signProof(ada.signer, subject, ada.participant, noon, later(3600));
  assert.equal(checkProof(proof, subject, later(3600 + CLOCK_TOLERANCE)), 'valid');
  assert.equal(checkProof(proof, subject, later(3601 + CLOCK_TOLERANCE)), 'expired');
  assert.equal(checkProof(proof, subject, later(-CLOCK_TOLERANCE)), 'valid');
  assert.equal(checkProof(proof, subject, later(-CLOCK_TOLERANCE - 1)), 'wrong');
  await assert.rejects(signProof(ada.signer, subject, ada.participant, noon, later(LONGEST_PROOF + 1)), RangeError);
});

test('a signer that signs something else is found out', async () => {
  const other = { ...ada.signer, signEvent: (event: Parameters<typeof ada.signer.signEvent>[0]) => ada.signer.signEvent({ ...event, kind: 1 }) };
  await assert.rejects(makeCandidate(other, room, ada.participant, noon));
  const broken = { ...ada.signer, signEvent: async (event: Parameters<typeof ada.signer.signEvent>[0]) => ({ ...(await ada.signer.signEvent(event)), sig: 'no' }) };
  await assert.rejects(makeCandidate(broken, room, ada.participant, noon));
});

/** A candidate whose leaf is put together by hand, as only somebody hostile would. */
async function forged(credential: Credential, extensions: (signatureKey: Uint8Array) => Promise<Extension[]>): Promise<Candidate> {
  const cs = await suite();
  const keys = await cs.signature.keygen();
  const capabilities = { versions: ['mls10' as const], ciphersuites: [SUITE_NAME as typeof SUITE_NAME], extensions: [PROOF_EXTENSION, BANNED_EXTENSION], proposals: [], credentials: ['basic' as const, 'x509' as const] };
  const lifetime = { notBefore: 0n, notAfter: 0xffff_ffff_ffff_ffffn };
  const made = await generateKeyPackageWithKey(credential, capabilities as Parameters<typeof generateKeyPackageWithKey>[1], lifetime, [], keys, cs, await extensions(keys.publicKey));
  return { room, publicKey: ada.publicKey, keyPackage: made.publicPackage, privateKeys: made.privatePackage };
}

const bob = person(7);
const basic = (publicKey: string): Credential => ({ credentialType: 'basic', identity: fromHex(publicKey) });
const proven = (inRoom = room, until = later(3600), by = bob) => async (signatureKey: Uint8Array) => {
  const proof = await signProof(by.signer, { room: inRoom, publicKey: by.publicKey, signatureKey }, by.participant, seconds(until - 3600), until);
  return [{ extensionType: PROOF_EXTENSION, extensionData: encodeProof(proof) }];
};

const impostors: [string, () => Promise<Candidate>, string][] = [
  ['without a proof', () => forged(basic(bob.publicKey), () => Promise.resolve([])), 'proof'],
  ['with a proof of another room', () => forged(basic(bob.publicKey), proven(roomId('another'))), 'proof'],
  ['with a proof of another person', () => forged(basic(bob.publicKey), proven(room, later(3600), person(8))), 'proof'],
  ['with a proof for another key', () => forged(basic(bob.publicKey), () => proven()(pattern(32))), 'proof'],
  ['with a proof that has ended', () => forged(basic(bob.publicKey), proven(room, later(-CLOCK_TOLERANCE - 1))), 'expired'],
  ['with two proofs', () => forged(basic(bob.publicKey), async (key) => [...(await proven()(key)), ...(await proven()(key))]), 'proof'],
  ['with a name that is no key', () => forged({ credentialType: 'basic', identity: pattern(31) }, proven()), 'proof'],
];

for (const [name, make, reason] of impostors) {
  test(`somebody ${name} is added by nobody, and refused by everybody when a member does it all the same`, async () => {
    const { honest, mallory } = await Mallory.inGroup();
    const impostor = await make();
    for (const member of honest) await assert.rejects(member.commit({ add: [impostor.keyPackage] }, noon), { reason });

    const late = await candidate(20);
    const hostile = await mallory.commit([impostor, late].map(({ keyPackage }) => ({ proposalType: 'add', add: { keyPackage } })));
    for (const member of honest) {
      const before = member.safetyNumber;
      await assert.rejects(member.process(hostile.commit, noon), { name: 'Refusal' });
      assert.equal(member.safetyNumber, before);
    }
    await assert.rejects(MlsGroup.join(hostile.welcome!, late, noon), { name: 'Refusal' }, 'somebody genuine joined such a group');

    // Without the impostor the same commit is taken.
    const fair = await mallory.commit([{ proposalType: 'add', add: { keyPackage: late.keyPackage } }]);
    for (const member of honest) assert.equal((await member.process(fair.commit, noon)).kind, 'epoch');
    assert.equal((await MlsGroup.join(fair.welcome!, late, noon)).roster.length, 5);
  });
}

test('a member cannot become somebody else, not even with that one\'s proof', async () => {
  const { honest, mallory } = await Mallory.inGroup();
  mallory.disguise(() => ({ credential: basic(bob.publicKey) }));
  const nameOnly = await mallory.commit([]);
  for (const member of honest) await assert.rejects(member.process(nameOnly.commit, noon), { reason: 'proof' });

  const leaf = mallory.state.ratchetTree[mallory.state.privatePath.leafIndex * 2];
  assert.ok(leaf?.nodeType === 'leaf');
  const extensions = await proven()(leaf.leaf.signaturePublicKey);
  mallory.disguise(() => ({ extensions }));
  const nameAndProof = await mallory.commit([]);
  for (const member of honest) await assert.rejects(member.process(nameAndProof.commit, noon), { reason: 'identity' });
});

test('a member whose proof has ended stays until it is removed, and is named to be', async () => {
  const groups = await groupOf(3);
  const short = await makeCandidate(person(9).signer, room, person(9).participant, noon, 1800);
  const pending = await groups[0]!.commit({ add: [short.keyPackage] }, noon);
  const others = await spread(groups, 0, pending.commit);
  const group = pending.adopt();
  assert.deepEqual(group.expiring(noon), []);
  const ended = later(1800 + CLOCK_TOLERANCE + 1);
  assert.deepEqual(group.expiring(ended).map(({ publicKey }) => publicKey), [person(9).publicKey]);

  const update = await group.commit({}, ended);
  const afterwards = await others[1]!.process(update.commit, ended);
  assert.equal(afterwards.kind === 'epoch' && afterwards.group.roster.length, 4);
  const late = await candidate(10, ended);
  const added = await update.adopt().commit({ add: [late.keyPackage] }, ended);
  await assert.rejects(MlsGroup.join(added.welcome!, late, ended), { reason: 'expired' });
});
