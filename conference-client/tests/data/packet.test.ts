import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DataPacket, EncryptedPacket, UserPacket } from '@livekit/protocol';
import { hasNoClearContent } from '../../src/data/packet.js';
import { runSeed, SeededRandom } from '../support/random.js';

const encrypted = new EncryptedPacket({ encryptedValue: new Uint8Array(40), iv: new Uint8Array(12), keyIndex: 1 });
const full = { participantIdentity: 'ada', participantSid: 'PA_x', destinationIdentities: ['bob', 'eve'], sequence: 300 };

const bytesOf = (packet: DataPacket) => Uint8Array.from(packet.toBinary());

test('what is encrypted passes, and what the server or the transport says', () => {
  assert.ok(hasNoClearContent(bytesOf(new DataPacket({ ...full, value: { case: 'encryptedPacket', value: encrypted } }))));
  assert.ok(hasNoClearContent(bytesOf(new DataPacket({ ...full, value: { case: 'speaker', value: { speakers: [{ sid: 'PA_x', level: 1 }] } } }))));
  assert.ok(hasNoClearContent(bytesOf(new DataPacket({ ...full, value: { case: 'metrics', value: {} } }))));
  assert.ok(hasNoClearContent(new Uint8Array()));
});

test('whatever a participant could say in clear does not pass', () => {
  const spoken = ['user', 'sipDtmf', 'transcription', 'chatMessage', 'rpcRequest', 'rpcAck', 'rpcResponse', 'streamHeader', 'streamChunk', 'streamTrailer'] as const;
  // Every kind of content that this version of the protocol has is either looked at here or above.
  const known = DataPacket.fields.list().filter((field) => field.oneof).map((field) => field.localName);
  assert.deepEqual([...spoken, 'speaker', 'metrics', 'encryptedPacket'].sort(), known.sort());
  for (const name of spoken) {
    const packet = DataPacket.fromJson({ participantIdentity: 'ada', [name]: {} });
    assert.equal(packet.value.case, name);
    assert.ok(!hasNoClearContent(bytesOf(packet)), `${name} passed`);
  }
});

test('clear content does not hide behind or before what is encrypted', () => {
  const clear = bytesOf(new DataPacket({ value: { case: 'user', value: new UserPacket({ payload: new Uint8Array(5) }) } }));
  const sealed = bytesOf(new DataPacket({ ...full, value: { case: 'encryptedPacket', value: encrypted } }));
  assert.ok(!hasNoClearContent(Uint8Array.from([...clear, ...sealed])));
  assert.ok(!hasNoClearContent(Uint8Array.from([...sealed, ...clear])));
});

test('whatever passes is read by livekit-client as nothing in clear, and nothing makes the check throw', () => {
  const random = new SeededRandom(runSeed());
  const allowed = new Set([undefined, 'speaker', 'metrics', 'encryptedPacket']);
  let passed = 0;
  for (let round = 0; round < 200_000; round++) {
    const packet = bytesOf(new DataPacket({ ...(round % 2 ? full : {}), value: { case: 'encryptedPacket', value: encrypted } }));
    const bytes = round % 4 === 0 ? Uint8Array.from({ length: random.below(12) }, () => random.below(256)) : packet;
    for (let changes = random.below(4); changes > 0 && bytes.length > 0; changes--) bytes[random.below(bytes.length)] = random.below(256);
    if (!hasNoClearContent(bytes)) continue;
    passed++;
    let read: DataPacket;
    try {
      read = DataPacket.fromBinary(bytes);
    } catch {
      continue;
    }
    assert.ok(allowed.has(read.value.case), `${read.value.case} passed: ${Buffer.from(bytes).toString('hex')}`);
  }
  assert.ok(passed > 1000);
});
