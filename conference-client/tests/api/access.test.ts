import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateSecretKey } from 'nostr-tools/pure';
import { Access } from '../../src/api/access.js';
import type { Admission } from '../../src/api/answers.js';
import { RoomApi } from '../../src/api/room-api.js';
import { keySigner } from '../../src/mail/signer.js';

const admission = { roomId: 'r', joinToken: 'first', tokenExpiresAt: 0 } as unknown as Admission;

/** What is sent when access is renewed once the token counts, and once it does not. */
async function renewals(region?: string): Promise<unknown[]> {
  const bodies: unknown[] = [];
  const statuses = [200, 401, 200];
  const fetcher = (_input: unknown, init: RequestInit = {}) => {
    bodies.push(JSON.parse(String(init.body)));
    return Promise.resolve(new Response(JSON.stringify({ ...admission, type: 'urn:buildit:problem:not-authenticated', title: '' }), { status: statuses.shift() ?? 500 }));
  };
  const access = new Access(new RoomApi('https://api.example.com', keySigner(generateSecretKey()), fetcher as typeof fetch), admission, region);
  await access.renew();
  await access.renew();
  return bodies;
}

test('a renewal asks for the region that joining asked for, by token and by signature', async () => {
  assert.deepEqual(await renewals('eu-west-1'), [{ region: 'eu-west-1' }, { region: 'eu-west-1' }, { region: 'eu-west-1' }]);
});

test('a renewal asks for no region where joining did not', async () => {
  assert.deepEqual(await renewals(), [{}, {}, {}]);
});
