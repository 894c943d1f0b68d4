import assert from 'node:assert/strict';
import { groupOf, person } from '../mls/people.js';
import { SeededRandom } from '../support/random.js';
import { World, type Weather } from './world.js';

/** A world in which a group of so many members is there already. */
export async function worldOf(count: number, seed: number, weather: Weather): Promise<World> {
  const world = new World(new SeededRandom(seed), weather);
  await world.settle(await groupOf(count), Array.from({ length: count }, (_, index) => person(index).publicKey));
  return world;
}

/** Everybody is in the last epoch, with the same keys, and sends with them; nobody is lost, and nobody too many. */
export function assertTogether(world: World, members: number): void {
  assert.equal(world.members.length, members);
  for (const member of world.members) {
    assert.equal(member.astray, undefined);
    assert.equal(member.group!.epoch, world.log.length, 'somebody is in an earlier epoch');
    assert.equal(member.sending, world.log.length, 'somebody sends with an earlier epoch');
    assert.equal(member.group!.roster.length, members);
  }
  assert.equal(new Set(world.members.map((member) => member.group!.safetyNumber)).size, 1);
}
