import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '../support/bytes.js';
import { runSeed } from '../support/random.js';
import { assertTogether, worldOf } from './together.js';

test('two members who commit at the same moment, 200 times, all end in one epoch with the same keys', async () => {
  const world = await worldOf(3, runSeed(), { delay: 900, lost: 12 });
  const epochs = world.log.length;
  for (let round = 0; round < 200; round++) {
    const [one, two] = [world.members[round % 3]!, world.members[(round + 1) % 3]!];
    const epoch = one.ordering.epoch;
    for (const member of [one, two]) await world.tell(member, { kind: 'rekey' });
    // Who came second proposes again, so each of the two gets an epoch.
    await world.until(() => world.log.length >= epoch + 2 && world.settled);
    assertTogether(world, 3);
  }
  const keys = await Promise.all(world.members.map((member) => member.group!.takeFrameKeys()));
  for (const other of keys) assert.deepEqual([...other.values()].map(toHex), [...keys[0]!.values()].map(toHex));
  assert.ok(world.conflicts >= 150, `only ${world.conflicts} of 200 commits met another`);
  console.log(`${world.log.length - epochs} epochs, ${world.conflicts} commits that came second`);
});
