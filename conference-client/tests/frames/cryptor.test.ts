import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FrameCounter } from '../../src/frames/counter.js';
import { KeyRing } from '../../src/frames/keyring.js';
import { FrameSealer } from '../../src/frames/sealer.js';
import { epochNumber } from '../../src/units.js';
import { pattern } from '../support/bytes.js';
import { ada, at, dataOf, deltaFrame, keyFrame, reasonOf, soundFrame, TwoDevices } from './call.js';

for (const [name, frame, clear] of [
  ['a VP8 key frame', keyFrame, 10],
  ['another VP8 frame', deltaFrame, 1],
  ['a VP9 frame', { ...keyFrame, codec: 'vp9' }, 0],
  ['sound', soundFrame, 0],
  ['an empty frame of silence', { ...soundFrame, data: new Uint8Array() }, 0],
] as const) {
  test(`${name} comes back as it was, and only ${clear} bytes of it can be read on the way`, async () => {
    const devices = await TwoDevices.start();
    const sealed = dataOf(await devices.sealer().seal(frame, at(0)));

    assert.equal(sealed.length, frame.data.length + 30);
    assert.deepEqual(sealed.subarray(0, clear), frame.data.subarray(0, clear));
    if (frame.data.length > clear) assert.equal(Buffer.from(sealed).indexOf(frame.data.subarray(clear, clear + 8)), -1);
    assert.deepEqual(dataOf(await devices.opener().open(sealed, at(0))), frame.data);
  });
}

test('without a key nothing leaves', async () => {
  const devices = new TwoDevices();
  const sealer = devices.sealer();
  assert.equal(reasonOf(await sealer.seal(keyFrame, at(0))), 'noKey');
  assert.equal(sealer.counts.droppedFor('noKey'), 1);

  await devices.begin(1, 0);
  assert.equal(reasonOf(await sealer.seal(keyFrame, at(0))), 'noKey', 'a key that is not yet to be used was used');
  devices.sending.sendWith(epochNumber(1));
  dataOf(await sealer.seal(keyFrame, at(0)));
  devices.sending.clear();
  assert.equal(reasonOf(await sealer.seal(keyFrame, at(0))), 'noKey');
  assert.equal(sealer.counts.passed, 1);
});

test('a codec that version 1 does not know does not leave', async () => {
  const devices = await TwoDevices.start();
  for (const codec of ['h264', 'h265', 'av1', 'rtx', 'toString', '']) {
    assert.equal(reasonOf(await devices.sealer().seal({ ...keyFrame, codec }, at(0))), 'codec');
  }
});

test('a key frame too short to be one does not leave', async () => {
  const devices = await TwoDevices.start();
  assert.equal(reasonOf(await devices.sealer().seal({ ...keyFrame, data: pattern(9) }, at(0))), 'malformed');
});

test('the counter stops before it wraps, and goes on in a new epoch', async () => {
  const devices = await TwoDevices.start();
  const sealer = new FrameSealer(devices.sending, 'camera', devices.salts, undefined, new FrameCounter(7, 2));
  dataOf(await sealer.seal(keyFrame, at(0)));
  dataOf(await sealer.seal(keyFrame, at(0)));
  assert.equal(reasonOf(await sealer.seal(keyFrame, at(0))), 'exhausted');

  await devices.begin(2, 1);
  devices.sending.sendWith(epochNumber(2));
  const sealed = dataOf(await sealer.seal(deltaFrame, at(1)));
  assert.deepEqual(dataOf(await devices.opener().open(sealed, at(1))), deltaFrame.data);
});

test('an epoch that came before is not counted in again', () => {
  const counter = new FrameCounter(1);
  counter.next(epochNumber(5));
  assert.throws(() => counter.next(epochNumber(4)), RangeError);
});

test('frames that are under way at once have different headers', async () => {
  const devices = await TwoDevices.start();
  const sealer = devices.sealer();
  const opener = devices.opener();
  const sealed = await Promise.all(Array.from({ length: 50 }, () => sealer.seal(deltaFrame, at(0))));
  const opened = await Promise.all(sealed.map((result) => opener.open(dataOf(result), at(0))));
  assert.ok(opened.every((result) => result.kind === 'frame'));
  assert.equal(opener.counts.passed, 50);
});

test('an old epoch is opened for 10 s after it ended, and not a moment longer', async () => {
  const devices = await TwoDevices.start();
  const sealer = devices.sealer();
  const opener = devices.opener();
  const sealed = await Promise.all([0, 1].map(async () => dataOf(await sealer.seal(keyFrame, at(0)))));
  await devices.begin(2, 1000);
  const [first, second] = sealed as [(typeof sealed)[0], (typeof sealed)[0]];

  assert.equal(devices.receiving.advance(at(1000)), 11_000);
  dataOf(await opener.open(first, at(10_999)));
  assert.equal(reasonOf(await opener.open(second, at(11_000))), 'unknownEpoch');
  assert.equal(devices.receiving.advance(at(11_000)), undefined);
});

test('an epoch whose keys are erased is not sent with, even when nobody switched', async () => {
  const devices = await TwoDevices.start();
  await devices.begin(2, 0);
  const sealer = devices.sealer();
  dataOf(await sealer.seal(keyFrame, at(9_999)));
  assert.equal(reasonOf(await sealer.seal(keyFrame, at(10_000))), 'noKey');
});

test('three epochs in a row are each erased in their own time', async () => {
  const devices = await TwoDevices.start();
  await devices.begin(2, 4000);
  await devices.begin(3, 8000);
  assert.equal(devices.receiving.advance(at(8000)), 14_000);
  assert.equal(devices.receiving.advance(at(14_000)), 18_000);
  assert.equal(devices.receiving.opening(epochNumber(1), ada, at(14_000)), 'unknownEpoch');
  assert.equal(typeof devices.receiving.opening(epochNumber(2), ada, at(14_000)), 'object');
});

test('a member that was removed is not heard from that moment on', async () => {
  const devices = await TwoDevices.start();
  const sealed = dataOf(await devices.sealer().seal(keyFrame, at(0)));
  await devices.begin(2, 1, 'bob', 'eve');
  assert.equal(reasonOf(await devices.opener().open(sealed, at(1))), 'noKey');
});

test('one epoch cannot open the frames of another', async () => {
  const devices = await TwoDevices.start(2);
  const sealed = dataOf(await devices.sealer().seal(keyFrame, at(0)));
  const earlier = await TwoDevices.start(1);
  assert.equal(reasonOf(await earlier.opener().open(sealed, at(0))), 'unknownEpoch');
  // The header says that it is of epoch 1; the key of epoch 1 does not fit.
  const relabelled = sealed.slice();
  new DataView(relabelled.buffer).setUint32(10, 1);
  assert.equal(reasonOf(await earlier.opener().open(relabelled, at(0))), 'badTag');
});

test('epochs do not go back', async () => {
  const devices = await TwoDevices.start(2);
  assert.throws(() => devices.receiving.begin(epochNumber(2), new Map(), at(0)), RangeError);
  assert.throws(() => devices.receiving.begin(epochNumber(1), new Map(), at(0)), RangeError);
  assert.throws(() => new KeyRing(ada).sendWith(epochNumber(1)), RangeError);
  await devices.begin(3, 0);
  devices.sending.sendWith(epochNumber(3));
  assert.throws(() => devices.sending.sendWith(epochNumber(2)), RangeError);
});
