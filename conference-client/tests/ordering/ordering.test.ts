import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Effect, Input } from '../../src/ordering/messages.js';
import { Ordering } from '../../src/ordering/ordering.js';
import { BATCH, BETWEEN_COMMITS, EARLY_COMMITS, RETRY, SWITCH_AFTER, TURN, UPDATE_EVERY } from '../../src/ordering/timing.js';
import { epochNumber, milliseconds, nostrPublicKey, type Epoch } from '../../src/units.js';

const people = ['a', 'b', 'c', 'd', 'e', 'f'].map((letter) => nostrPublicKey(letter.repeat(64)));
const at = milliseconds;
const five = epochNumber(5);
const six = epochNumber(6);
const winner = Uint8Array.of(1);

/** Ada, Bob and Cleo in epoch 5 since time 0; the second of them is looked at, unless another is named. */
function started(index = 1): Ordering {
  const ordering = new Ordering(people[index]!);
  const effects = ordering.handle({ kind: 'entered', epoch: five, roster: people.slice(0, 3), banned: [] }, at(0));
  assert.deepEqual(kinds(effects), ['acknowledge', 'sendWith'], 'the first epoch is used at once');
  return ordering;
}

/** A commit that is about nobody. */
const commit = (epoch: Epoch): Extract<Effect, { kind: 'prepare' }> => ({ kind: 'prepare', epoch, add: [], remove: [], ban: [], readmit: [] });
const kinds = (effects: readonly Effect[]) => effects.map(({ kind }) => kind);
const give = (ordering: Ordering, input: Input, now: number) => ordering.handle(input, at(now));

test('who is first in the roster adds people soon, and the others only when nobody did', () => {
  for (const [index, moment] of [[0, BETWEEN_COMMITS], [1, BETWEEN_COMMITS + TURN], [2, BETWEEN_COMMITS + 2 * TURN]] as const) {
    const ordering = started(index);
    assert.deepEqual(give(ordering, { kind: 'arrived', publicKey: people[3]! }, 10), []);
    assert.equal(ordering.deadline, moment);
    assert.deepEqual(give(ordering, { kind: 'tick' }, moment - 1), []);
    assert.deepEqual(give(ordering, { kind: 'tick' }, moment), [{ ...commit(five), add: [people[3]] }]);
  }
});

test('people who come and go within the batch go into one commit', () => {
  const ordering = started(0);
  for (const [person, moment] of [[3, 5000], [4, 5100], [5, 5299]] as const) give(ordering, { kind: 'arrived', publicKey: people[person]! }, moment);
  give(ordering, { kind: 'left', publicKey: people[2]! }, 5200);
  assert.equal(ordering.deadline, 5000 + BATCH);
  assert.deepEqual(give(ordering, { kind: 'tick' }, 5000 + BATCH), [{ ...commit(five), add: people.slice(3), remove: [people[2]] }]);
});

test('who thinks better of it, or comes back, is in no commit', () => {
  const ordering = started(0);
  give(ordering, { kind: 'arrived', publicKey: people[3]! }, 5000);
  give(ordering, { kind: 'withdrew', publicKey: people[3]! }, 5001);
  give(ordering, { kind: 'left', publicKey: people[2]! }, 5002);
  give(ordering, { kind: 'returned', publicKey: people[2]! }, 5003);
  assert.equal(ordering.deadline, UPDATE_EVERY);
});

test('those who left do not have a turn', () => {
  const ordering = started(1);
  give(ordering, { kind: 'left', publicKey: people[0]! }, 5000);
  assert.equal(ordering.deadline, 5000 + BATCH);
});

test('a removal that this user wants waits for nobody', () => {
  const ordering = started(2);
  assert.deepEqual(give(ordering, { kind: 'ban', publicKey: people[0]! }, 10), [{ ...commit(five), ban: [people[0]] }]);
});

test('a commit is sent, again when nobody knows what became of it, and adopted when it was first', () => {
  const ordering = started();
  give(ordering, { kind: 'rekey' }, 0);
  assert.deepEqual(give(ordering, { kind: 'prepared', epoch: five }, 10), [{ kind: 'send', epoch: five }]);
  assert.deepEqual(give(ordering, { kind: 'unsent', epoch: five }, 20), []);
  assert.equal(ordering.deadline, 20 + RETRY);
  assert.deepEqual(give(ordering, { kind: 'tick' }, 20 + RETRY), [{ kind: 'send', epoch: five }]);
  give(ordering, { kind: 'unsent', epoch: five }, 1000);
  assert.equal(ordering.deadline, 1000 + 2 * RETRY, 'the second time it waits longer');
  assert.deepEqual(give(ordering, { kind: 'won', epoch: five }, 1100), [{ kind: 'adopt', epoch: five }]);
  assert.deepEqual(give(ordering, { kind: 'ordered', epoch: five, commit: winner, own: true }, 1101), [], 'it is adopted once');
  assert.deepEqual(kinds(give(ordering, { kind: 'entered', epoch: six, roster: people.slice(0, 3), banned: [] }, 1110)), ['acknowledge']);
});

test('who learns from the log first that its commit was first needs no answer', () => {
  const ordering = started();
  give(ordering, { kind: 'rekey' }, 0);
  give(ordering, { kind: 'prepared', epoch: five }, 0);
  assert.deepEqual(give(ordering, { kind: 'ordered', epoch: five, commit: winner, own: true }, 5), [{ kind: 'adopt', epoch: five }]);
  assert.deepEqual(give(ordering, { kind: 'won', epoch: five }, 6), []);
});

for (const how of ['lost', 'ordered'] as const) {
  test(`when another commit was first (${how}) it counts, and what is still wanted is proposed again`, () => {
    const ordering = started();
    give(ordering, { kind: 'arrived', publicKey: people[3]! }, 0);
    give(ordering, { kind: 'arrived', publicKey: people[4]! }, 0);
    give(ordering, { kind: 'ban', publicKey: people[0]! }, 0);
    give(ordering, { kind: 'prepared', epoch: five }, 1);
    const input: Input = how === 'lost' ? { kind: 'lost', epoch: five, winner } : { kind: 'ordered', epoch: five, commit: winner, own: false };
    assert.deepEqual(give(ordering, input, 2), [{ kind: 'discard', epoch: five }, { kind: 'process', epoch: five, commit: winner }]);
    // The winner added one of the two and removed nobody.
    const effects = give(ordering, { kind: 'entered', epoch: six, roster: people.slice(0, 4), banned: [] }, 3);
    assert.deepEqual(effects, [{ kind: 'acknowledge', epoch: six }, { ...commit(six), add: [people[4]], ban: [people[0]] }]);
  });
}

test('a commit that did the same leaves nothing to do', () => {
  const ordering = started(0);
  give(ordering, { kind: 'arrived', publicKey: people[3]! }, 2000);
  give(ordering, { kind: 'tick' }, 3000);
  give(ordering, { kind: 'prepared', epoch: five }, 3001);
  give(ordering, { kind: 'lost', epoch: five, winner }, 3002);
  assert.deepEqual(kinds(give(ordering, { kind: 'entered', epoch: six, roster: people.slice(0, 4), banned: [] }, 3003)), ['acknowledge']);
  assert.deepEqual(kinds(give(ordering, { kind: 'tick' }, 9000)), ['sendWith']);
});

test('people with whom no commit can be made do not hold up the others', () => {
  const ordering = started(0);
  give(ordering, { kind: 'arrived', publicKey: people[3]! }, 2000);
  give(ordering, { kind: 'arrived', publicKey: people[4]! }, 2000);
  give(ordering, { kind: 'tick' }, 3000);
  assert.deepEqual(give(ordering, { kind: 'unfit', epoch: five, people: [people[3]!] }, 3001), [{ ...commit(five), add: [people[4]] }]);
});

test('a new epoch is sent with when everybody has it', () => {
  const ordering = started();
  give(ordering, { kind: 'ordered', epoch: five, commit: winner, own: false }, 100);
  give(ordering, { kind: 'entered', epoch: six, roster: people.slice(0, 3), banned: [] }, 110);
  assert.deepEqual(give(ordering, { kind: 'acknowledged', publicKey: people[0]!, epoch: six }, 120), []);
  assert.deepEqual(give(ordering, { kind: 'acknowledged', publicKey: people[2]!, epoch: five }, 130), [], 'an earlier epoch was acknowledged');
  assert.deepEqual(give(ordering, { kind: 'acknowledged', publicKey: people[2]!, epoch: six }, 140), [{ kind: 'sendWith', epoch: six }]);
});

test('a new epoch is sent with after 2 s, whoever has it, and however fast others follow', () => {
  const ordering = started();
  for (const [epoch, moment] of [[5, 0], [6, 500], [7, 1000]] as const) {
    give(ordering, { kind: 'ordered', epoch: epochNumber(epoch), commit: winner, own: false }, moment);
    give(ordering, { kind: 'entered', epoch: epochNumber(epoch + 1), roster: people.slice(0, 3), banned: [] }, moment);
  }
  assert.equal(ordering.deadline, SWITCH_AFTER);
  assert.deepEqual(give(ordering, { kind: 'tick' }, SWITCH_AFTER), [{ kind: 'sendWith', epoch: six }]);
  assert.deepEqual(give(ordering, { kind: 'tick' }, SWITCH_AFTER + 1000), [{ kind: 'sendWith', epoch: epochNumber(8) }]);
});

test('whoever is not in the new epoch is not waited for', () => {
  const ordering = started();
  give(ordering, { kind: 'ordered', epoch: five, commit: winner, own: false }, 0);
  give(ordering, { kind: 'entered', epoch: six, roster: [people[1]!, people[2]!], banned: [] }, 0);
  assert.deepEqual(give(ordering, { kind: 'acknowledged', publicKey: people[2]!, epoch: six }, 1), [{ kind: 'sendWith', epoch: six }]);
});

test('newcomers are not waited for: they have no earlier keys', () => {
  const ordering = started();
  give(ordering, { kind: 'ordered', epoch: five, commit: winner, own: false }, 0);
  give(ordering, { kind: 'entered', epoch: six, roster: people.slice(0, 6), banned: [] }, 0);
  assert.deepEqual(give(ordering, { kind: 'acknowledged', publicKey: people[0]!, epoch: six }, 1), []);
  assert.deepEqual(give(ordering, { kind: 'acknowledged', publicKey: people[2]!, epoch: six }, 2), [{ kind: 'sendWith', epoch: six }]);
});

test('commits that come too early wait for those before, which are fetched', () => {
  const ordering = started();
  assert.deepEqual(give(ordering, { kind: 'ordered', epoch: epochNumber(7), commit: winner, own: false }, 0), []);
  assert.deepEqual(give(ordering, { kind: 'ordered', epoch: six, commit: winner, own: false }, 1), []);
  assert.deepEqual(give(ordering, { kind: 'tick' }, RETRY), [{ kind: 'fetch', from: five }]);
  assert.deepEqual(kinds(give(ordering, { kind: 'ordered', epoch: five, commit: winner, own: false }, 600)), ['process']);
  for (const epoch of [6, 7]) assert.ok(kinds(give(ordering, { kind: 'entered', epoch: epochNumber(epoch), roster: people.slice(0, 3), banned: [] }, 700)).includes('process'));
  assert.ok(!kinds(give(ordering, { kind: 'entered', epoch: epochNumber(8), roster: people.slice(0, 3), banned: [] }, 800)).includes('process'));
});

test('while a commit is missing none is made, and the fetch is tried again', () => {
  const ordering = started(0);
  give(ordering, { kind: 'ordered', epoch: six, commit: winner, own: false }, 0);
  give(ordering, { kind: 'rekey' }, 1);
  const moments: number[] = [];
  for (let now = 0; now < 20_000; now += 100) if (give(ordering, { kind: 'tick' }, now).some(({ kind }) => kind === 'fetch')) moments.push(now);
  assert.deepEqual(moments, [500, 1000, 2000, 4000, 8000, 16_000]);
});

test('no more commits are kept than can be needed', () => {
  const ordering = started();
  for (let epoch = 6; epoch < 6 + 2 * EARLY_COMMITS; epoch++) give(ordering, { kind: 'ordered', epoch: epochNumber(epoch), commit: winner, own: false }, 0);
  give(ordering, { kind: 'ordered', epoch: five, commit: winner, own: false }, 1);
  let processed = 0;
  for (let epoch = 6; epoch < 6 + 2 * EARLY_COMMITS; epoch++) {
    if (kinds(give(ordering, { kind: 'entered', epoch: epochNumber(epoch), roster: people.slice(0, 3), banned: [] }, 2)).includes('process')) processed++;
  }
  assert.ok(processed <= EARLY_COMMITS);
});

test('a winner that is no commit, or a log that has forgotten, leads astray once, and entering begins anew', () => {
  for (const cause of ['refused', 'passed'] as const) {
    const ordering = started();
    if (cause === 'refused') give(ordering, { kind: 'ordered', epoch: five, commit: winner, own: false }, 0);
    const input: Input = cause === 'refused' ? { kind: 'refused', epoch: five } : { kind: 'passed' };
    assert.deepEqual(give(ordering, input, 1), [{ kind: 'astray', cause }]);
    assert.deepEqual(give(ordering, input, 2), []);
    assert.deepEqual(give(ordering, { kind: 'rekey' }, 3), []);
    assert.equal(ordering.deadline, undefined);
    assert.deepEqual(kinds(give(ordering, { kind: 'entered', epoch: epochNumber(0), roster: people.slice(0, 2), banned: [] }, 4)).slice(0, 2), ['acknowledge', 'sendWith']);
  }
});

test('who was removed does nothing more', () => {
  const ordering = started();
  give(ordering, { kind: 'ordered', epoch: five, commit: winner, own: false }, 0);
  assert.deepEqual(give(ordering, { kind: 'removed' }, 1), []);
  assert.deepEqual(give(ordering, { kind: 'arrived', publicKey: people[3]! }, 2), []);
  assert.equal(ordering.deadline, undefined);
});

test('every so often a member gives itself new keys', () => {
  const ordering = started();
  assert.equal(ordering.deadline, UPDATE_EVERY);
  assert.deepEqual(give(ordering, { kind: 'tick' }, UPDATE_EVERY), [commit(five)]);
});
