import assert from 'node:assert/strict';
import { test } from 'node:test';
import { candidate } from '../mls/people.js';
import { runSeed, SeededRandom } from '../support/random.js';
import { assertTogether, worldOf } from './together.js';

/** How many are in the call at its height: CROWD=50 takes a minute or two of computing. */
const height = Number(process.env['CROWD'] ?? 20);

test(`${height} members join within 10 s and leave within 10 s, in few commits`, async () => {
  const seed = runSeed();
  const random = new SeededRandom(seed);
  const world = await worldOf(2, seed, { delay: 200, lost: 3 });
  const epochs = world.log.length;
  const candidates = await Promise.all(Array.from({ length: height - 2 }, (_, index) => candidate(100 + index)));
  for (const one of candidates) world.at(random.below(10_000), () => world.arrive(one));
  await world.until(() => world.members.length === height && world.settled);
  assertTogether(world, height);
  const joined = world.log.length - epochs;
  const settled = Math.max(...world.members.map((member) => member.lastEntered));
  assert.ok(joined <= 16, `${joined} commits for ${height - 2} members`);
  assert.ok(settled < 30_000, `the last one had the last epoch at ${settled} ms`);
  const sum = (what: 'messages' | 'bytes') => world.members.reduce((total, member) => total + member.received[what], 0);
  console.log(`joined: ${joined} commits, all settled ${settled - 10_000} ms after the last arrived, ${Math.round(sum('messages') / height)} messages and ${Math.round(sum('bytes') / height)} bytes each`);

  // Who leaves says nothing; the lowest in the roster, who would commit first, are among them.
  const leaving = world.members.slice(0, height - 4);
  for (const one of leaving) world.at(world.now + random.below(10_000), () => world.depart(one));
  const before = world.log.length;
  await world.until(() => world.members.length === 4 && world.settled && world.members[0]!.group!.roster.length === 4);
  assertTogether(world, 4);
  assert.ok(world.log.length - before <= 20, `${world.log.length - before} commits for ${height - 4} who left`);
  console.log(`left: ${world.log.length - before} commits`);
});
