import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LivekitResponse } from '../../src/worker/livekit.js';
import { participantId } from '../../src/units.js';
import { pattern } from '../support/bytes.js';
import { FakeWorker, twoPages, until } from './fake-worker.js';

const words = pattern(50, 9);

async function sealedBy(page: FakeWorker, payload = words) {
  const answer = await page.answerTo({ kind: 'encryptDataRequest', data: { uuid: 'u', payload } });
  if (answer.kind !== 'encryptDataResponse') throw new Error(`not sealed: ${JSON.stringify(answer)}`);
  return answer.data;
}

function open(page: FakeWorker, from: string, { payload, iv, keyIndex }: { payload: Uint8Array<ArrayBuffer>; iv: Uint8Array<ArrayBuffer>; keyIndex: number }): Promise<LivekitResponse> {
  return page.answerTo({ kind: 'decryptDataRequest', data: { uuid: 'u', payload, iv, keyIndex, participantIdentity: participantId(from) } });
}

test('a message opens for whom it came from, once', async () => {
  const { ada, bob } = await twoPages();
  const sealed = await sealedBy(ada);
  assert.equal((await open(bob, 'eve', sealed)).kind, 'error');
  const opened = await open(bob, 'ada', sealed);
  assert.ok(opened.kind === 'decryptDataResponse' && opened.data.uuid === 'u');
  assert.deepEqual(opened.data.payload, words);
  const again = await open(bob, 'ada', sealed);
  assert.ok(again.kind === 'error' && again.data.uuid === 'u');
  assert.deepEqual(bob.traffic('ada', 'received', 'data'), { participant: 'ada', direction: 'received', content: 'data', passed: 1, dropped: { replay: 1 } });
});

test("one's own message does not come back", async () => {
  const { ada } = await twoPages();
  assert.equal((await open(ada, 'ada', await sealedBy(ada))).kind, 'error');
  assert.equal(ada.traffic('ada', 'received', 'data')?.dropped.reflected, 1);
});

test('without a key the page is told that nothing was sent', async () => {
  const page = new FakeWorker('ada');
  const answer = await page.answerTo({ kind: 'encryptDataRequest', data: { uuid: 'u', payload: words } });
  assert.ok(answer.kind === 'error' && answer.data.uuid === 'u' && /noKey/.test(answer.data.error.message));
});

test('messages leave in the order in which they were given, whatever their sizes', async () => {
  const { ada } = await twoPages();
  const before = ada.answers.length;
  for (let count = 0; count < 60; count++) {
    ada.core.handle({ kind: 'encryptDataRequest', data: { uuid: String(count), payload: pattern(count % 2 ? 1 : 200_000) } });
  }
  await until(() => ada.answers.length === before + 60);
  const order = ada.answers.slice(before).map((answer) => (answer.kind === 'encryptDataResponse' ? answer.data.uuid : answer.kind));
  assert.deepEqual(order, Array.from({ length: 60 }, (_, count) => String(count)));
});

test('a server that names participants without end does not fill the memory', async () => {
  const { ada, bob } = await twoPages();
  const sealed = await sealedBy(ada);
  for (let count = 0; count < 6000; count++) {
    bob.core.handle({ kind: 'decryptDataRequest', data: { ...sealed, participantIdentity: participantId(`nobody ${count}`) } });
  }
  bob.pass(500);
  const traffic = bob.reports.filter((report) => report.kind === 'traffic').at(-1)!;
  assert.ok(traffic.traffic.length <= 4100);
  assert.ok(traffic.traffic.some((line) => line.participant === undefined));
});
