import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateSecretKey, verifyEvent } from 'nostr-tools/pure';
import { readEvents } from '../../src/api/event-stream.js';
import { Http } from '../../src/api/http.js';
import { RoomApiError } from '../../src/api/problem.js';
import { keySigner } from '../../src/mail/signer.js';
import type { SignedEvent } from '../../src/mls/signer.js';

const signer = keySigner(generateSecretKey());

/** A room API that gives these answers, one after the other. */
function answering(...answers: (Response | Error)[]) {
  const requests: { url: string; init: RequestInit; event: SignedEvent | undefined }[] = [];
  const fetcher = (input: unknown, init: RequestInit = {}) => {
    const { Authorization } = init.headers as Record<string, string>;
    const event = Authorization?.startsWith('Nostr ') ? (JSON.parse(atob(Authorization.slice(6))) as SignedEvent) : undefined;
    requests.push({ url: String(input), init, event });
    const answer = answers.shift();
    return answer instanceof Error || !answer ? Promise.reject(answer ?? new Error('no more answers')) : Promise.resolve(answer);
  };
  return { http: new Http('https://api.example.com/', signer, fetcher as typeof fetch), requests };
}

const json = (body: object, status = 200, headers: Record<string, string> = {}) => new Response(JSON.stringify(body), { status, headers });
const problem = (status: number, type: string, headers: Record<string, string> = {}) => json({ type: `urn:buildit:problem:${type}`, title: '', status, detail: `about ${type}` }, status, headers);

test('a request is signed for its method, address and body', async () => {
  const { http, requests } = answering(json({ done: true }));
  assert.deepEqual(await http.send('POST', '/v1/rooms', { body: { name: 'A' } }), { done: true });
  const { event, url, init } = requests[0]!;
  assert.equal(url, 'https://api.example.com/v1/rooms');
  assert.ok(event && verifyEvent(event));
  assert.equal(event.kind, 27_235);
  const tags = new Map(event.tags.map(([name, value]) => [name, value]));
  assert.equal(tags.get('u'), url);
  assert.equal(tags.get('method'), 'POST');
  assert.match(tags.get('payload') ?? '', /^[0-9a-f]{64}$/);
  assert.equal(init.body, '{"name":"A"}');
});

test('a token stands for a signature', async () => {
  const { http, requests } = answering(json({}));
  await http.send('GET', '/x', { token: 'abc' });
  assert.equal((requests[0]!.init.headers as Record<string, string>)['Authorization'], 'Bearer abc');
});

test('a refusal is told in the words of the service, and not tried again', async () => {
  const { http, requests } = answering(problem(403, 'room-locked'));
  await assert.rejects(http.send('POST', '/x'), (error: RoomApiError) => error.type === 'room-locked' && error.status === 403 && error.message === 'about room-locked');
  assert.equal(requests.length, 1);
});

test('what fails for the moment is signed anew and tried again, and then told', async () => {
  const { http, requests } = answering(problem(503, 'registry-unavailable', { 'Retry-After': '0' }), problem(429, 'too-many-requests', { 'Retry-After': '0' }), json({ at: 3 }));
  assert.deepEqual(await http.send('GET', '/x'), { at: 3 });
  assert.equal(new Set(requests.map(({ event }) => event?.id)).size, 3);
  const away = answering(...Array.from({ length: 4 }, () => problem(503, 'registry-unavailable', { 'Retry-After': '0' })));
  await assert.rejects(away.http.send('GET', '/x'), (error: RoomApiError) => error.isTemporary);
  assert.equal(away.requests.length, 4);
});

test('something between that answers otherwise does not confuse', async () => {
  await assert.rejects(answering(new Response('<html>', { status: 404 })).http.send('GET', '/x'), (error: RoomApiError) => error.type === 'unknown' && error.message.includes('404'));
  await assert.rejects(answering(new Response('<html>')).http.send('GET', '/x'), (error: RoomApiError) => error.message.includes('not JSON'));
});

test('a clock that is wrong is put right by the date of the refusal', async () => {
  const theirs = new Date(Date.now() + 5 * 60_000).toUTCString();
  const { http, requests } = answering(problem(401, 'not-authenticated', { Date: theirs }), json({}, 200, { Date: theirs }));
  await http.send('GET', '/x');
  assert.ok(Math.abs(requests[1]!.event!.created_at - Date.now() / 1000 - 300) < 5);
  // It is wrong once more only when it was not wrong before.
  const again = answering(problem(401, 'not-authenticated', { Date: new Date().toUTCString() }));
  await assert.rejects(again.http.send('GET', '/x'));
  assert.equal(again.requests.length, 1);
});

test('a stream is read in any pieces', async () => {
  const text = ': open\n\nevent: log\ndata: {"a":1}\n\n:\n\nevent: commit\nid: x.4\ndata: one\ndata: two\n\nevent: mail\ndata: {}\n\n';
  for (const size of [1, 3, 7, 1000]) {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let at = 0; at < text.length; at += size) controller.enqueue(new TextEncoder().encode(text.slice(at, at + size)));
        controller.close();
      },
    });
    const events = [];
    for await (const event of readEvents(body)) events.push(event);
    assert.deepEqual(events, [
      { type: 'log', data: '{"a":1}', id: undefined },
      { type: 'commit', data: 'one\ntwo', id: 'x.4' },
      { type: 'mail', data: '{}', id: undefined },
    ]);
  }
});
