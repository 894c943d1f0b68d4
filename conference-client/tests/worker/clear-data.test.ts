import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DataPacket, EncryptedPacket, UserPacket } from '@livekit/protocol';
import type { Room } from 'livekit-client';
import { ClearDataGuard } from '../../src/worker/clear-data.js';

/** What of livekit-client's engine the guard replaces. */
class FakeEngine {
  readonly received: Uint8Array[] = [];
  readonly sent: string[] = [];
  e2eeManager = { isDataChannelEncryptionEnabled: true };

  handleDataMessage = async (message: { data: ArrayBuffer }) => void this.received.push(new Uint8Array(message.data));

  async sendDataPacket(packet: { value: { case?: string } }): Promise<void> {
    this.sent.push(packet.value.case ?? '');
  }
}

function guarded() {
  const room = { engine: new FakeEngine() };
  let drops = 0;
  const guard = new ClearDataGuard(() => drops++);
  guard.guard(room as unknown as Room);
  return { room, guard, drops: () => drops };
}

const message = (packet: DataPacket) => ({ data: Uint8Array.from(packet.toBinary()).buffer });
const clear = message(new DataPacket({ participantIdentity: 'ada', value: { case: 'user', value: new UserPacket({ payload: new Uint8Array(3) }) } }));
const sealed = message(new DataPacket({ participantIdentity: 'ada', value: { case: 'encryptedPacket', value: new EncryptedPacket() } }));

test('data in clear does not reach livekit-client, and what is encrypted does', async () => {
  const { room, guard, drops } = guarded();
  await room.engine.handleDataMessage(clear);
  await room.engine.handleDataMessage(sealed);
  // A browser that gave blobs would be no way around.
  await room.engine.handleDataMessage({ data: new Blob([clear.data]) as unknown as ArrayBuffer });
  assert.equal(room.engine.received.length, 1);
  assert.equal(drops(), 2);
  assert.deepEqual(guard.traffic, [{ participant: undefined, direction: 'received', content: 'data', passed: 0, dropped: { cleartext: 2 } }]);
});

test('nothing is sent while encryption is not on, nor ever what livekit-client sends in clear', async () => {
  const { room } = guarded();
  await room.engine.sendDataPacket({ value: { case: 'user' } });
  await room.engine.sendDataPacket({ value: { case: 'metrics' } });
  for (const name of ['transcription', 'sipDtmf']) await assert.rejects(room.engine.sendDataPacket({ value: { case: name } }), /in clear/);
  room.engine.e2eeManager.isDataChannelEncryptionEnabled = false;
  await assert.rejects(room.engine.sendDataPacket({ value: { case: 'user' } }), /not on yet/);
  await room.engine.sendDataPacket({ value: { case: 'metrics' } });
  assert.deepEqual(room.engine.sent, ['user', 'metrics', 'metrics']);
});

test('the engine that comes after the first is guarded too', async () => {
  const { room } = guarded();
  const next = new FakeEngine();
  room.engine = next;
  await room.engine.handleDataMessage(clear);
  assert.equal(next.received.length, 0);
  assert.equal(room.engine, next);
});

test('a room that is left has no engine', () => {
  const { room } = guarded();
  const left = room as { engine: FakeEngine | undefined };
  left.engine = undefined;
  assert.equal(left.engine, undefined);
});

test('an engine that is not known is refused', () => {
  assert.throws(() => new ClearDataGuard(() => undefined).guard({ engine: {} } as unknown as Room), /2\.23\.0/);
});
