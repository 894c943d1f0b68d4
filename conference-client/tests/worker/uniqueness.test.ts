import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Bytes } from '../../src/units.js';
import { epochNumber } from '../../src/units.js';
import { FrameSealer } from '../../src/frames/sealer.js';
import { DataSealer } from '../../src/data/sealer.js';
import { KeyRing } from '../../src/frames/keyring.js';
import { SaltPool } from '../../src/frames/counter.js';
import { ada, at, keysOf } from '../frames/call.js';
import { runSeed, SeededRandom } from '../support/random.js';

const FRAMES = 1_000_000;

/** What AES-GCM was really given, instead of what it makes of it: a million encryptions would take minutes. */
function watchEncryption(): { readonly repeated: () => number; readonly total: () => number; stop(): void } {
  const real = crypto.subtle.encrypt;
  const used = new Map<CryptoKey, Set<bigint>>();
  const tag = new ArrayBuffer(16);
  let repeated = 0;
  let total = 0;
  crypto.subtle.encrypt = async (algorithm, key) => {
    const iv = (algorithm as AesGcmParams).iv as Bytes;
    const view = new DataView(iv.buffer, iv.byteOffset);
    const number = (view.getBigUint64(0) << 32n) | BigInt(view.getUint32(8));
    let ivs = used.get(key);
    if (!ivs) used.set(key, (ivs = new Set()));
    if (ivs.has(number)) repeated++;
    ivs.add(number);
    total++;
    return tag;
  };
  return { repeated: () => repeated, total: () => total, stop: () => void (crypto.subtle.encrypt = real) };
}

test('frames and messages of one page never share an IV under one key, over epochs, tracks and groups that start anew', async () => {
  const random = new SeededRandom(runSeed());
  const ring = new KeyRing(ada);
  // Poor chance, so that salts would soon collide if nobody looked.
  const salts = new SaltPool((bytes) => bytes.set([0, 0, random.below(16), random.below(256)]));
  const watch = watchEncryption();
  try {
    let group = 0;
    let epoch = 0;
    let tracks: FrameSealer[] = [];
    let data = new DataSealer(ring, salts);
    const begin = async () => {
      epoch++;
      ring.begin(epochNumber(epoch), await keysOf(group * 10_000 + epoch, 'ada'), at(0));
      ring.sendWith(epochNumber(epoch));
    };
    await begin();
    const frame = { data: new Uint8Array(12), codec: 'vp8', keyFrame: true };
    for (let sent = 0; sent < FRAMES; sent++) {
      const chance = random.below(100_000);
      if (chance < 3) {
        ring.clear();
        group++;
        epoch = 0;
        tracks = [];
        data = new DataSealer(ring, salts);
        await begin();
      } else if (chance < 60) {
        await begin();
      } else if (chance < 100 || tracks.length === 0) {
        tracks.push(new FrameSealer(ring, 'camera', salts));
        if (tracks.length > 20) tracks.shift();
      }
      // Several at once, as a call has them.
      void (random.below(5) === 0 ? data.seal(frame.data, at(0)) : tracks[random.below(tracks.length)]?.seal(frame, at(0)));
    }
    await new Promise((resolve) => setImmediate(resolve));
    assert.ok(watch.total() > FRAMES * 0.99, `only ${watch.total()} were sealed`);
    assert.equal(watch.repeated(), 0);
  } finally {
    watch.stop();
  }
});
