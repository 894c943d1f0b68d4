import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { IGNORED_REQUESTS, type LivekitRequest, type LivekitResponse } from '../../src/worker/livekit.js';
import { packageFile } from '../support/package-file.js';
import { FakeWorker } from './fake-worker.js';

// The messages between livekit-client and its worker are internal to it. When one of these tests fails, livekit-client has changed:
// read what is new, change src/worker, and only then the lists here.

const require = createRequire(import.meta.url);
const distribution = new URL('.', `file://${require.resolve('livekit-client')}`);
const { version } = JSON.parse(readFileSync(new URL('../package.json', distribution), 'utf8')) as { version: string };
const types = readFileSync(new URL('src/e2ee/types.d.ts', distribution), 'utf8');
const client = readFileSync(new URL('livekit-client.esm.mjs', distribution), 'utf8');

const handled: LivekitRequest['kind'][] = ['init', 'enable', 'encode', 'decode', 'updateCodec', 'removeTransform', 'setRTPMap', 'encryptDataRequest', 'decryptDataRequest'];
const answered: LivekitResponse['kind'][] = ['initAck', 'enable', 'encryptDataResponse', 'decryptDataResponse', 'error'];
/** From livekit-client's own worker alone. */
const notSaid = ['ratchetKey', 'packetTrailerMetadata', 'log'];

test('the version of livekit-client is the one that was read', () => {
  assert.equal(version, '2.23.0');
  const own = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as { peerDependencies: Record<string, string>; devDependencies: Record<string, string> };
  assert.equal(own.peerDependencies['livekit-client'], version);
  assert.equal(own.devDependencies['livekit-client'], version);
});

test('every message that livekit-client knows is handled, answered or left out on purpose', () => {
  const known = new Set([...types.matchAll(/kind: ((?:'\w+'(?: \| )?)+);/g)].flatMap(([, kinds]) => [...kinds!.matchAll(/'(\w+)'/g)].map(([, kind]) => kind!)));
  assert.deepEqual([...known].sort(), [...new Set<string>([...handled, ...IGNORED_REQUESTS, ...answered, ...notSaid])].sort());
});

test('livekit-client sends its worker what is handled or ignored, and nothing else', () => {
  const manager = /class E2EEManager extends[\s\S]*?\n}\n/.exec(client)?.[0];
  assert.ok(manager, 'the manager is somewhere else');
  // Of messages, and of the options of a script transform.
  const sent = new Set([...manager.matchAll(/kind: '(\w+)'/g)].map(([, kind]) => kind!));
  assert.deepEqual([...sent].sort(), [...handled, ...IGNORED_REQUESTS].sort());
});

test('the messages have the fields that are read', () => {
  const fields = (name: string) => {
    const [, body] = new RegExp(`interface ${name} extends BaseMessage \\{([\\s\\S]*?)\\n\\}`).exec(types) ?? [];
    return [...(body ?? '').matchAll(/^ {8}(\w+)\??:/gm)].map(([, field]) => field!).sort();
  };
  assert.deepEqual(fields('EncodeMessage'), ['codec', 'hasPacketTrailer', 'packetTrailer', 'participantIdentity', 'readableStream', 'trackId', 'writableStream']);
  assert.deepEqual(fields('UpdateCodecMessage'), ['codec', 'hasPacketTrailer', 'participantIdentity', 'previousTrackId', 'trackId']);
  assert.deepEqual(fields('RemoveTransformMessage'), ['participantIdentity', 'trackId']);
  assert.deepEqual(fields('RTPVideoMapMessage'), ['map', 'participantIdentity']);
  assert.deepEqual(fields('EnableMessage'), ['enabled', 'participantIdentity']);
  assert.deepEqual(fields('EncryptDataRequestMessage'), ['participantIdentity', 'payload', 'uuid']);
  assert.deepEqual(fields('EncryptDataResponseMessage'), ['iv', 'keyIndex', 'payload', 'uuid']);
  assert.deepEqual(fields('DecryptDataRequestMessage'), ['iv', 'keyIndex', 'participantIdentity', 'payload', 'uuid']);
  assert.deepEqual(fields('DecryptDataResponseMessage'), ['payload', 'uuid']);
  assert.deepEqual(fields('ErrorMessage'), ['error', 'participantIdentity', 'uuid']);
  const [, options] = /type ScriptTransformOptions = \{([\s\S]*?)\n\};/.exec(types) ?? [];
  assert.deepEqual([...(options ?? '').matchAll(/^ {4}(\w+)\??:/gm)].map(([, field]) => field!).sort(), ['codec', 'hasPacketTrailer', 'kind', 'packetTrailer', 'participantIdentity', 'trackId']);
});

test('the way of data through the engine is the one that is guarded', () => {
  const [engine = ''] = /class RTCEngine extends[\s\S]*?\n}\n/.exec(client) ?? [];
  const has = (pattern: RegExp) => pattern.test(engine);
  // Looked up on the engine at every message, so that it can be replaced.
  assert.ok(has(/onDataMessage: message => this\.handleDataMessage\(message\)/), 'data comes in another way');
  assert.ok(has(/this\.handleDataMessage = message =>/), 'data comes in another way');
  // All that leaves passes sendDataPacket, except frames of data tracks, which were sealed before.
  assert.ok(has(/\n {2}sendDataPacket\(packet,/), 'data leaves in another way');
  assert.deepEqual([...engine.matchAll(/this\.(\w+)\.send\(/g)].map(([, channel]) => channel).sort(), ['dataTrackChannel', 'lossyChannel', 'reliableChannel']);
  assert.ok(has(/isDataChannelEncryptionEnabled/), 'data is encrypted in another way');
});

test('encryption is never off, whatever is asked', () => {
  const page = new FakeWorker('ada');
  page.core.handle({ kind: 'init' });
  assert.deepEqual(page.answers, [{ kind: 'initAck', data: { enabled: true } }]);
  for (const [identity, asked, answer] of [['ada', false, true], ['', false, true], ['ada', true, true], ['bob', false, false], ['bob', true, true]] as const) {
    page.core.handle({ kind: 'enable', data: { enabled: asked, participantIdentity: identity } });
    assert.deepEqual(page.answers.at(-1), { kind: 'enable', data: { enabled: answer, participantIdentity: identity } });
  }
  page.ask((id) => ({ kind: 'switchOn', id }));
  assert.deepEqual(page.answers.at(-1), { kind: 'enable', data: { enabled: true, participantIdentity: '' } });
});

test('what means nothing here changes nothing', () => {
  const page = new FakeWorker('ada');
  for (const kind of IGNORED_REQUESTS) page.core.handle({ kind, data: {} } as never);
  page.core.handle({ kind: 'of a later version', data: {} } as never);
  assert.deepEqual(page.answers, []);
});
