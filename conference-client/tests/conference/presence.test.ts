import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KeyPackage } from 'ts-mls';
import { readMessage } from '../../src/conference/control-channel.js';
import { Newcomers } from '../../src/conference/newcomers.js';
import { noticeFor } from '../../src/conference/notices.js';
import { LEAVE_AFTER, Presence } from '../../src/conference/presence.js';
import { utf8 } from '../../src/bytes.js';
import { milliseconds, participantId, type NostrPublicKey } from '../../src/units.js';

const [ada, bob] = [participantId('ada'), participantId('bob')];
const at = milliseconds;

test('while nobody says who is there, everybody is', () => {
  const presence = new Presence();
  assert.ok(presence.has(ada) && !presence.hasLeft(ada, at(1e9)));
});

test('who is away for a while has left, and who flickers has not', () => {
  const presence = new Presence();
  presence.update(new Set([ada, bob]), at(0));
  presence.update(new Set([bob]), at(1000));
  assert.ok(!presence.has(ada) && !presence.hasLeft(ada, at(1000 + LEAVE_AFTER - 1)));
  assert.ok(presence.hasLeft(ada, at(1000 + LEAVE_AFTER)));
  presence.update(new Set([ada, bob]), at(5000));
  assert.ok(!presence.hasLeft(ada, at(5000 + LEAVE_AFTER)));
});

test('who says goodbye has left at once, and who was never there after a while', () => {
  const presence = new Presence();
  presence.update(new Set([ada, bob]), at(0));
  presence.leave(ada, at(100));
  assert.ok(presence.hasLeft(ada, at(100)));
  const never = participantId('never');
  assert.ok(!presence.hasLeft(never, at(1000)));
  assert.ok(presence.hasLeft(never, at(1000 + LEAVE_AFTER)));
});

test('newcomers are one for each key and each participant, and the silent are taken out', () => {
  const newcomers = new Newcomers();
  const keyPackage = {} as KeyPackage;
  const [one, two] = ['1', '2'] as NostrPublicKey[];
  assert.ok(newcomers.add({ publicKey: one!, participant: ada, keyPackage, at: at(0) }));
  assert.ok(!newcomers.add({ publicKey: two!, participant: ada, keyPackage, at: at(0) }));
  assert.ok(newcomers.add({ publicKey: two!, participant: bob, keyPackage, at: at(40_000) }));
  assert.ok(newcomers.add({ publicKey: two!, participant: bob, keyPackage, at: at(50_000) }));
  assert.deepEqual(newcomers.takeSilent(at(60_000)).map(({ publicKey }) => publicKey), [one]);
  assert.deepEqual([...newcomers].map(({ publicKey }) => publicKey), [two]);
  for (let index = 0; index < 1000; index++) newcomers.add({ publicKey: `k${index}` as NostrPublicKey, participant: participantId(`p${index}`), keyPackage, at: at(0) });
  assert.equal([...newcomers].length, 512);
});

test('control messages are read, and nothing else', () => {
  const read = (value: unknown) => readMessage(utf8(JSON.stringify(value)));
  assert.deepEqual(read({ kind: 'hello', name: 'A'.repeat(100), answer: 1 }), { kind: 'hello', name: 'A'.repeat(64), answer: false });
  assert.deepEqual(read({ kind: 'keys', epoch: 7 }), { kind: 'keys', epoch: 7 });
  assert.deepEqual(read({ kind: 'bye' }), { kind: 'bye' });
  for (const broken of [null, 3, {}, { kind: 'hello' }, { kind: 'keys', epoch: -1 }, { kind: 'keys', epoch: 'x' }]) assert.equal(read(broken), undefined);
  assert.equal(readMessage(new Uint8Array([255, 254])), undefined);
});

test('people are told something in every state that is not as it should be', () => {
  assert.equal(noticeFor('member'), undefined);
  assert.equal(noticeFor('ended'), undefined);
  for (const state of ['connecting', 'entering', 'waiting', 'alone', 'broken', 'stranger', 'removed']) assert.ok((noticeFor(state)?.text.length ?? 0) > 10, state);
});
