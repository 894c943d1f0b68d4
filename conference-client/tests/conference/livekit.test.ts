import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { packageFile } from '../support/package-file.js';

test('livekit-client reconnects with what its engine has as url and token', () => {
  const engine = readFileSync(packageFile('node_modules/livekit-client/src/room/RTCEngine.ts'), 'utf8');
  for (const field of ['url', 'token']) assert.match(engine, new RegExp(`private ${field}\\?: string;`));
  assert.match(engine, /this\.client\.reconnect\(this\.url, this\.token,/);
  assert.match(engine, /regionUrl \?\? this\.url,\s+this\.token,/);
});
