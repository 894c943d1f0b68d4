import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { messageAlgorithm, type MessageResult, type SealedMessage } from '../../src/data/message.js';
import { DataOpener } from '../../src/data/opener.js';
import { DataSealer } from '../../src/data/sealer.js';
import { FrameCounter, SaltPool } from '../../src/frames/counter.js';
import { importFrameKey, KeyRing } from '../../src/frames/keyring.js';
import { DATA_WINDOWS, REPLAY_WINDOW_MESSAGES } from '../../src/frames/replay.js';
import { epochNumber, type Bytes } from '../../src/units.js';
import { ada, at, bob, dataOf as frameOf, deltaFrame, eve, TwoDevices } from '../frames/call.js';
import { flip, fromHex, pattern, toHex } from '../support/bytes.js';
import { packageFile } from '../support/package-file.js';
import { referenceVectors, type DataVector } from './reference.js';

const words = pattern(60, 3);

function messageOf<T>(result: MessageResult<T>): T {
  if (result.kind !== 'message') throw new Error(`dropped: ${result.reason}`);
  return result.message;
}

function reasonOf(result: MessageResult<unknown>): string {
  return result.kind === 'dropped' ? result.reason : 'none: there is a message';
}

const vectors = JSON.parse(readFileSync(packageFile('vectors/data-v1.json'), 'utf8')) as DataVector[];

test('the vectors of data messages are those that the format gives', () => {
  assert.deepEqual(vectors, referenceVectors());
});

for (const vector of vectors) {
  test(`${vector.name}: sealed as the vector says, and opened again`, async () => {
    const ring = new KeyRing(ada);
    ring.begin(epochNumber(vector.epoch), new Map([[ada, await importFrameKey(fromHex(vector.key))]]), at(0));
    ring.sendWith(epochNumber(vector.epoch));
    const counter = new (class extends FrameCounter {
      override next() {
        return fromHex(vector.header);
      }
    })(0);
    const sealed = messageOf(await new DataSealer(ring, new SaltPool(), undefined, counter).seal(fromHex(vector.message), at(0)));
    assert.equal(toHex(sealed.payload), vector.sealed);
    assert.equal(toHex(sealed.iv), vector.header);
    assert.equal(sealed.version, vector.version);
    assert.equal(toHex(messageAlgorithm(sealed.iv).additionalData as Bytes), vector.additionalData);
    assert.equal(toHex(messageOf(await new DataOpener(ring, ada).open(sealed, at(0)))), vector.message);
  });
}

async function start() {
  const devices = await TwoDevices.start();
  const sealer = new DataSealer(devices.sending, devices.salts);
  const opener = new DataOpener(devices.receiving, ada);
  return { devices, sealer, opener };
}

test('without a key no message leaves, and each opens once, for whom it came from', async () => {
  const devices = new TwoDevices();
  const sealer = new DataSealer(devices.sending, devices.salts);
  assert.equal(reasonOf(await sealer.seal(words, at(0))), 'noKey');
  await devices.begin(1, 0);
  devices.sending.sendWith(epochNumber(1));
  const sealed = messageOf(await sealer.seal(words, at(0)));
  for (const other of [bob, eve]) assert.equal(reasonOf(await new DataOpener(devices.receiving, other).open(sealed, at(0))), 'badTag');
  assert.deepEqual(messageOf(await new DataOpener(devices.receiving, ada).open(sealed, at(0))), words);
  assert.equal(reasonOf(await new DataOpener(devices.receiving, ada).open(sealed, at(0))), 'replay');
});

test('copies that are under way at once open once', async () => {
  const { sealer, opener } = await start();
  const sealed = messageOf(await sealer.seal(words, at(0)));
  const results = await Promise.all([1, 2, 3, 4].map(() => opener.open(sealed, at(0))));
  assert.equal(results.filter((result) => result.kind === 'message').length, 1);
});

test('not one bit of a message, or of what stands beside it, can be changed', async () => {
  const { sealer, opener } = await start();
  const sealed = messageOf(await sealer.seal(words, at(0)));
  const altered: SealedMessage[] = [{ ...sealed, version: 0 }, { ...sealed, version: 2 }, { ...sealed, iv: sealed.iv.slice(1) }, { ...sealed, iv: new Uint8Array() }];
  for (let bit = 0; bit < sealed.iv.length * 8; bit++) altered.push({ ...sealed, iv: flip(sealed.iv, bit) });
  for (let bit = 0; bit < sealed.payload.length * 8; bit++) altered.push({ ...sealed, payload: flip(sealed.payload, bit) });
  for (let length = 0; length < sealed.payload.length; length++) altered.push({ ...sealed, payload: sealed.payload.slice(0, length) });
  for (const message of altered) assert.equal((await opener.open(message, at(0))).kind, 'dropped');
  assert.deepEqual(messageOf(await opener.open(sealed, at(0))), words);
});

test('a message passes for no frame, and a frame for no message, though the key is one', async () => {
  const { devices, sealer, opener } = await start();
  const message = messageOf(await sealer.seal(words, at(0)));
  const asFrame = Uint8Array.from([...message.iv, ...message.payload, 0, 1]);
  for (const source of ['unknown', 'camera', 'microphone'] as const) {
    assert.equal((await devices.opener(source).open(asFrame, at(0))).kind, 'dropped');
  }
  const frame = frameOf(await devices.sealer('unknown').seal({ ...deltaFrame, codec: 'vp9' }, at(0)));
  assert.equal(reasonOf(await opener.open({ iv: frame.slice(0, 12), payload: frame.slice(12, -2), version: 1 }, at(0))), 'badTag');
});

test('a message may be as late as the window is long', async () => {
  const { sealer, opener } = await start();
  const first = messageOf(await sealer.seal(words, at(0)));
  const second = messageOf(await sealer.seal(words, at(0)));
  for (let count = 2; count < REPLAY_WINDOW_MESSAGES; count++) await sealer.seal(new Uint8Array(), at(0));
  messageOf(await opener.open(messageOf(await sealer.seal(words, at(0))), at(0)));
  assert.equal(reasonOf(await opener.open(first, at(0))), 'replay');
  messageOf(await opener.open(second, at(0)));
});

test('more instances than are remembered are refused', async () => {
  const { devices, opener } = await start();
  for (let made = 0; made < DATA_WINDOWS.instances; made++) {
    messageOf(await opener.open(messageOf(await new DataSealer(devices.sending, devices.salts).seal(words, at(0))), at(0)));
  }
  assert.equal(reasonOf(await opener.open(messageOf(await new DataSealer(devices.sending, devices.salts).seal(words, at(0))), at(0))), 'instances');
});

test('the counter of messages stops before it wraps', async () => {
  const { devices } = await start();
  const sealer = new DataSealer(devices.sending, devices.salts, undefined, new FrameCounter(7, 1));
  messageOf(await sealer.seal(words, at(0)));
  assert.equal(reasonOf(await sealer.seal(words, at(0))), 'exhausted');
});
