import assert from 'node:assert/strict';
import { test } from 'node:test';
import { REPLAY_WINDOW_FRAMES, ReplayWindow } from '../../src/frames/replay.js';
import { runSeed, SeededRandom } from '../support/random.js';

test('the window agrees with a list of everything that was seen', () => {
  const random = new SeededRandom(runSeed());
  for (let round = 0; round < 20; round++) {
    const window = new ReplayWindow();
    const seen = new Set<number>();
    let newest = -1;
    let around = random.below(2 ** 31);
    for (let step = 0; step < 5000; step++) {
      const leap = random.below(100);
      if (leap === 0) around += random.below(5000);
      const count = Math.max(0, around + random.below(3000) - 1500);
      const expected = !seen.has(count) && count > newest - REPLAY_WINDOW_FRAMES;
      assert.equal(window.admits(count), expected);
      if (random.below(4) === 0) continue;
      assert.equal(window.accept(count), expected);
      if (!expected) continue;
      seen.add(count);
      newest = Math.max(newest, count);
    }
  }
});

test('the last counts that a header can carry are told apart', () => {
  const window = new ReplayWindow();
  assert.ok(window.accept(2 ** 32 - 2));
  assert.ok(window.accept(2 ** 32 - 1));
  assert.ok(!window.accept(2 ** 32 - 1));
  assert.ok(!window.accept(2 ** 32 - 2));
  assert.ok(window.accept(2 ** 32 - 1024));
  assert.ok(!window.accept(2 ** 32 - 1025));
});
