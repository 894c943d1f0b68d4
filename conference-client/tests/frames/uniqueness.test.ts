import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FrameCounter, SaltPool, type RandomSource } from '../../src/frames/counter.js';
import { epochNumber, type Bytes } from '../../src/units.js';
import { runSeed, SeededRandom } from '../support/random.js';

/** The IV as one number, so that millions of them can be held. */
function numberOf(header: Bytes): bigint {
  const view = new DataView(header.buffer);
  return (view.getBigUint64(0) << 32n) | BigInt(view.getUint32(8));
}

/**
 * A call of senders who publish and unpublish tracks, reload and change epochs. A key belongs to one leaf in one epoch; a
 * reload makes a new leaf and with it a new epoch. Returns how many (key, IV) pairs came twice.
 */
function repeatedPairs(frames: number, seed: number, pool: (random: RandomSource) => { draw(): number }): number {
  const random = new SeededRandom(seed);
  // Poor chance: 512 values for the four bytes, so that instances of one sender would soon share them.
  const poor: RandomSource = (bytes) => bytes.set([0, 0, random.below(2), random.below(256)]);
  const used = new Map<string, Set<bigint>>();
  let epoch = 1;
  let leaf = 0;
  const join = () => ({ leaf: leaf++, salts: pool(poor), tracks: [] as FrameCounter[] });
  const senders = Array.from({ length: 8 }, join);
  let repeated = 0;

  for (let sent = 0; sent < frames; sent++) {
    const index = random.below(senders.length);
    const chance = random.below(10_000);
    if (chance === 0) {
      senders[index] = join();
      epoch++;
    } else if (chance < 5) {
      epoch++;
    }
    const sender = senders[index]!;
    if (sender.tracks.length === 0 || (chance < 200 && sender.tracks.length < 200)) sender.tracks.push(new FrameCounter(sender.salts.draw()));
    const track = sender.tracks[random.below(sender.tracks.length)]!;
    const header = track.next(epochNumber(epoch))!;
    const key = `${epoch} ${sender.leaf}`;
    let ivs = used.get(key);
    if (!ivs) used.set(key, (ivs = new Set()));
    const iv = numberOf(header);
    if (ivs.has(iv)) repeated++;
    ivs.add(iv);
  }
  return repeated;
}

test('no key meets the same IV twice in a million frames of senders, tracks, reloads and epochs', () => {
  assert.equal(repeatedPairs(1_000_000, runSeed(), (random) => new SaltPool(random)), 0);
});

test('the same call finds the fault of instances that draw their bytes without looking', () => {
  const careless = (random: RandomSource) => ({
    draw() {
      const bytes = new Uint8Array(4);
      random(bytes);
      return new DataView(bytes.buffer).getUint32(0);
    },
  });
  assert.ok(repeatedPairs(200_000, 5, careless) > 0);
});
