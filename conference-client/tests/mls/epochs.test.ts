import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SaltPool } from '../../src/frames/counter.js';
import { importFrameKey, KeyRing } from '../../src/frames/keyring.js';
import { FrameOpener } from '../../src/frames/opener.js';
import { FrameSealer } from '../../src/frames/sealer.js';
import { MlsGroup } from '../../src/mls/group.js';
import { participantId, type Bytes, type Epoch, type NostrPublicKey } from '../../src/units.js';
import { at, dataOf, keyFrame, reasonOf } from '../frames/call.js';
import { candidate, groupOf, noon, person } from './people.js';

const id = (publicKey: NostrPublicKey) => participantId(publicKey);
const ada = person(0).publicKey;

/** What a member of a group can seal and open, in the epoch of the group or, as somebody hostile would try, in another. */
async function deviceOf(publicKey: NostrPublicKey, keys: ReadonlyMap<NostrPublicKey, Bytes>, epoch: Epoch) {
  const ring = new KeyRing(id(publicKey));
  const imported = await Promise.all([...keys].map(async ([member, key]) => [id(member), await importFrameKey(key)] as const));
  ring.begin(epoch, new Map(imported), at(0));
  ring.sendWith(epoch);
  return { sealer: new FrameSealer(ring, 'camera', new SaltPool()), opener: () => new FrameOpener(ring, id(ada), 'camera') };
}

test('frames open for members of their epoch, not for who was removed before it, nor for who was added after it', async () => {
  const [one, two, three] = (await groupOf(3)) as [MlsGroup, MlsGroup, MlsGroup];
  const removal = await one.commit({ remove: [three.own] }, noon);
  const processed = await two.process(removal.commit, noon);
  assert.ok(processed.kind === 'epoch');
  const [adaAfter, bobAfter] = [removal.adopt(), processed.group];
  const later = await candidate(9);
  const addition = await bobAfter.commit({ add: [later.keyPackage] }, noon);
  const dan = await MlsGroup.join(addition.welcome!, later, noon);

  const [oldKeys, adaKeys, bobKeys, danKeys] = await Promise.all([three, adaAfter, bobAfter, dan].map((group) => group.takeFrameKeys()));
  const sending = await deviceOf(ada, adaKeys!, adaAfter.epoch);
  const sealed = dataOf(await sending.sealer.seal(keyFrame, at(0)));

  const bob = await deviceOf(person(1).publicKey, bobKeys!, bobAfter.epoch);
  assert.deepEqual(dataOf(await bob.opener().open(sealed, at(0))), keyFrame.data);
  for (const [publicKey, keys, own] of [[person(2).publicKey, oldKeys!, three.epoch], [person(9).publicKey, danKeys!, dan.epoch]] as const) {
    assert.notEqual(own, adaAfter.epoch);
    const honest = await deviceOf(publicKey, keys, own);
    assert.equal(reasonOf(await honest.opener().open(sealed, at(0))), 'unknownEpoch');
    const hostile = await deviceOf(publicKey, keys, adaAfter.epoch);
    assert.equal(reasonOf(await hostile.opener().open(sealed, at(0))), 'badTag');
  }
});
