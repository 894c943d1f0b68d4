import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FRAME_WINDOWS } from '../../src/frames/replay.js';
import type { TrackSource } from '../../src/frames/source.js';
import { flip, pattern } from '../support/bytes.js';
import { runSeed, SeededRandom } from '../support/random.js';
import { ada, at, bob, dataOf, deltaFrame, eve, keyFrame, reasonOf, soundFrame, TwoDevices } from './call.js';

// What an SFU could do that wants a frame played which its sender did not send. Every test ends with the frame as it was
// sent, which must open: otherwise nothing would have been shown.

for (const [name, frame] of [['a VP8 key frame', keyFrame], ['a VP8 frame', deltaFrame], ['sound', soundFrame]] as const) {
  test(`not one bit of ${name} can be changed`, async () => {
    const devices = await TwoDevices.start();
    const opener = devices.opener();
    const sealed = dataOf(await devices.sealer().seal(frame, at(0)));
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      assert.equal((await opener.open(flip(sealed, bit), at(0))).kind, 'dropped', `bit ${bit} was changed and the frame opened`);
    }
    assert.equal(opener.counts.dropped, sealed.length * 8);
    assert.deepEqual(dataOf(await opener.open(sealed, at(0))), frame.data);
  });

  test(`${name} cannot be cut, nor anything be added to it`, async () => {
    const devices = await TwoDevices.start();
    const opener = devices.opener();
    const sealed = dataOf(await devices.sealer().seal(frame, at(0)));
    for (let length = 0; length < sealed.length; length++) {
      assert.equal((await opener.open(sealed.slice(0, length), at(0))).kind, 'dropped');
      assert.equal((await opener.open(sealed.slice(sealed.length - length), at(0))).kind, 'dropped');
    }
    assert.equal((await opener.open(Uint8Array.from([0, ...sealed]), at(0))).kind, 'dropped');
    assert.equal((await opener.open(Uint8Array.from([...sealed, 1]), at(0))).kind, 'dropped');
    assert.deepEqual(dataOf(await opener.open(sealed, at(0))), frame.data);
  });
}

test('a frame opens once, however often and on however many tracks it is sent', async () => {
  const devices = await TwoDevices.start();
  const sealed = dataOf(await devices.sealer().seal(keyFrame, at(0)));
  const openers = [devices.opener(), devices.opener()];
  const results = await Promise.all([...openers, ...openers].map((opener) => opener.open(sealed, at(0))));
  assert.equal(results.filter((result) => result.kind === 'frame').length, 1);
  for (const opener of openers) assert.equal(reasonOf(await opener.open(sealed, at(0))), 'replay');
});

test('frames may come in any order within 1024, each of them once, and no older ones', async () => {
  const devices = await TwoDevices.start();
  const sealer = devices.sealer();
  const opener = devices.opener();
  const sealed = [];
  for (let count = 0; count < 1100; count++) sealed.push(dataOf(await sealer.seal(deltaFrame, at(0))));
  const random = new SeededRandom(runSeed());
  dataOf(await opener.open(sealed[1099]!, at(0)));
  // The newest is 1099, so 76 to 1098 are still waited for and 75 is not.
  const waited = Array.from({ length: 1023 }, (_, index) => 76 + index).sort(() => random.below(3) - 1);
  for (const count of waited) dataOf(await opener.open(sealed[count]!, at(0)));
  for (let count = 0; count < 1100; count++) assert.equal(reasonOf(await opener.open(sealed[count]!, at(0))), 'replay');
  assert.equal(opener.counts.passed, 1024);
});

test('frames that do not authenticate do not move the window', async () => {
  const devices = await TwoDevices.start();
  const opener = devices.opener();
  const sealed = dataOf(await devices.sealer().seal(deltaFrame, at(0)));
  const far = sealed.slice();
  new DataView(far.buffer).setUint32(9, 0xffff_fff0);
  assert.equal(reasonOf(await opener.open(far, at(0))), 'badTag');
  dataOf(await opener.open(sealed, at(0)));
});

test('made-up cryptor instances take no place of real ones', async () => {
  const devices = await TwoDevices.start();
  const opener = devices.opener();
  const sealed = dataOf(await devices.sealer().seal(deltaFrame, at(0)));
  for (let salt = 0; salt < FRAME_WINDOWS.instances * 2; salt++) {
    const made = sealed.slice();
    new DataView(made.buffer).setUint32(5, salt);
    assert.equal((await opener.open(made, at(0))).kind, 'dropped');
  }
  dataOf(await opener.open(sealed, at(0)));
});

test('more instances than are remembered are refused, not forgotten', async () => {
  const devices = await TwoDevices.start();
  const opener = devices.opener();
  const first = dataOf(await devices.sealer().seal(deltaFrame, at(0)));
  dataOf(await opener.open(first, at(0)));
  for (let made = 1; made < FRAME_WINDOWS.instances; made++) dataOf(await opener.open(dataOf(await devices.sealer().seal(deltaFrame, at(0))), at(0)));
  const oneMore = dataOf(await devices.sealer().seal(deltaFrame, at(0)));
  assert.equal(reasonOf(await opener.open(oneMore, at(0))), 'instances');
  assert.equal(reasonOf(await opener.open(first, at(0))), 'replay');
});

test('the track of one sender does not open as that of another', async () => {
  const devices = await TwoDevices.start();
  const sealed = dataOf(await devices.sealer().seal(keyFrame, at(0)));
  for (const other of [bob, eve]) assert.equal(reasonOf(await devices.opener('camera', other).open(sealed, at(0))), 'badTag');
  dataOf(await devices.opener('camera', ada).open(sealed, at(0)));
});

test('a screen does not open as a camera, nor any source as another', async () => {
  const sources: TrackSource[] = ['unknown', 'camera', 'microphone', 'screen_share', 'screen_share_audio'];
  const devices = await TwoDevices.start();
  for (const sent of sources) {
    const sealed = dataOf(await devices.sealer(sent).seal(keyFrame, at(0)));
    for (const shown of sources.filter((source) => source !== sent)) {
      assert.equal(reasonOf(await devices.opener(shown).open(sealed, at(0))), 'badTag', `${sent} was shown as ${shown}`);
    }
    dataOf(await devices.opener(sent).open(sealed, at(0)));
  }
});

test('parts of two frames make no third', async () => {
  const devices = await TwoDevices.start();
  const sealer = devices.sealer();
  const opener = devices.opener();
  const one = dataOf(await sealer.seal(keyFrame, at(0)));
  const two = dataOf(await sealer.seal({ ...keyFrame, data: pattern(40, 77) }, at(0)));
  for (let cut = 1; cut < one.length; cut++) {
    const mixed = Uint8Array.from([...one.subarray(0, cut), ...two.subarray(cut)]);
    // A cut where both are equal gives one of the two; that is not a third frame.
    if (Buffer.compare(mixed, one) === 0 || Buffer.compare(mixed, two) === 0) continue;
    assert.equal((await opener.open(mixed, at(0))).kind, 'dropped', `cut at ${cut}`);
  }
  dataOf(await opener.open(one, at(0)));
  dataOf(await opener.open(two, at(0)));
});

test('what is sent in clear is not played', async () => {
  const devices = await TwoDevices.start();
  const opener = devices.opener();
  for (const frame of [keyFrame, deltaFrame, soundFrame, { data: new Uint8Array() }]) {
    assert.equal((await opener.open(frame.data, at(0))).kind, 'dropped');
    // With header and trailer of the format, and a tag of zeros or of anything.
    for (const n of [0, 1, 10]) {
      const header = Uint8Array.from([0, 0, 0, 1, 1, 2, 3, 4, 0, 0, 0, 0]);
      for (const tag of [new Uint8Array(16), pattern(16)]) {
        const dressed = Uint8Array.from([...frame.data.subarray(0, n), ...header, ...frame.data.subarray(n), ...tag, n, 1]);
        assert.equal((await opener.open(dressed, at(0))).kind, 'dropped');
      }
    }
  }
  assert.equal(opener.counts.passed, 0);
});

test('random bytes are dropped, whatever they are', async () => {
  const devices = await TwoDevices.start();
  const opener = devices.opener();
  const random = new SeededRandom(runSeed());
  for (let round = 0; round < 5000; round++) {
    const bytes = Uint8Array.from({ length: random.below(80) }, () => random.below(256));
    if (bytes.length > 1 && round % 2 === 0) bytes.set([[0, 1, 10][random.below(3)]!, 1], bytes.length - 2);
    assert.equal((await opener.open(bytes, at(0))).kind, 'dropped');
  }
  assert.equal(opener.counts.dropped, 5000);
});

test('the version is looked at before anything else', async () => {
  const devices = await TwoDevices.start();
  const opener = devices.opener();
  const sealed = dataOf(await devices.sealer().seal(keyFrame, at(0)));
  for (const version of [0, 2, 255]) {
    const other = sealed.slice();
    other[other.length - 1] = version;
    assert.equal(reasonOf(await opener.open(other, at(0))), 'version');
  }
});
