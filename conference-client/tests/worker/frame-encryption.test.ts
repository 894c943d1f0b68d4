import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test, type TestContext } from 'node:test';
import { ParticipantEvent, RoomEvent, type Room } from 'livekit-client';
import type { ConnectMessage, ControlReport, ControlRequest } from '../../src/worker/control.js';
import { FrameEncryption } from '../../src/worker/frame-encryption.js';
import { epochNumber, participantId } from '../../src/units.js';
import { pattern } from '../support/bytes.js';

/** A worker that answers as a test wants, and remembers what it was asked. */
class FakeWorkerThread {
  readonly asked: ControlRequest[] = [];
  port: MessagePort | undefined;
  refuses = '';
  onSwitchOn: () => void = () => undefined;

  postMessage({ port }: ConnectMessage): void {
    this.port = port;
    port.onmessage = ({ data }: MessageEvent<ControlRequest>) => {
      this.asked.push(data);
      if (data.kind === 'switchOn') this.onSwitchOn();
      if ('id' in data) this.report(this.refuses ? { kind: 'failed', id: data.id, message: this.refuses } : { kind: 'done', id: data.id });
    };
  }

  report(report: ControlReport): void {
    this.port!.postMessage(report);
  }
}

class FakeRoom extends EventEmitter {
  hasE2EESetup = true;
  isE2EEEnabled = false;
  announced = false;
  readonly engine = { handleDataMessage: async () => undefined, sendDataPacket: async () => undefined };
  readonly e2eeManager = { setupE2EESender: () => undefined, setupE2EEReceiver: () => undefined, handleReceiver: async () => undefined };
  readonly localParticipant = Object.assign(new EventEmitter(), {
    videoTrackPublications: new Map<string, unknown>(),
    setE2EEEnabled: async () => undefined,
    publishAdditionalCodecForTrack: async () => undefined,
  });

  async setE2EEEnabled(enabled: boolean): Promise<void> {
    this.announced = enabled;
  }
}

function start(context: TestContext, options: { epochsNeeded?: () => void; traffic?: () => void } = {}) {
  const thread = new FakeWorkerThread();
  const room = new FakeRoom();
  const encryption = new FrameEncryption({
    own: participantId('ada'),
    worker: thread as unknown as Worker,
    ...(options.epochsNeeded ? { onEpochNeeded: options.epochsNeeded } : {}),
    ...(options.traffic ? { onTraffic: options.traffic } : {}),
  });
  context.after(() => thread.port!.close());
  thread.onSwitchOn = () => {
    room.isE2EEEnabled = true;
    room.emit(RoomEvent.ParticipantEncryptionStatusChanged, true);
  };
  return { thread, room, encryption, protect: () => encryption.protect(room as unknown as Room) };
}

test('a room is protected once its worker runs and livekit-client has switched on', async (context) => {
  const { thread, room, protect } = start(context);
  const protecting = protect();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(room.announced, false, 'it did not wait for the worker');
  thread.report({ kind: 'ready' });
  await protecting;
  assert.ok(room.announced && room.isE2EEEnabled);
  await assert.rejects(protect(), /one room/);
  await assert.rejects(room.setE2EEEnabled(false), /cannot be switched off/);
  assert.ok(room.announced);
});

test('a room that was made without its options, or a worker that does not start, is refused', async (context) => {
  const { room, protect } = start(context);
  room.hasE2EESetup = false;
  await assert.rejects(protect(), /frameEncryption\.options/);
  room.hasE2EESetup = true;
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const protecting = protect();
  context.mock.timers.tick(10_000);
  await assert.rejects(protecting, /did not start/);
});

test('keys go to the worker as keys that cannot be read, and a refusal comes back', async (context) => {
  const { thread, encryption } = start(context);
  await encryption.begin(epochNumber(3), new Map([[participantId('ada'), pattern(32)]]));
  const [begin] = thread.asked;
  assert.ok(begin?.kind === 'begin' && begin.epoch === 3);
  const key = begin.keys.get(participantId('ada'))!;
  assert.equal(key.extractable, false);
  await assert.rejects(encryption.begin(epochNumber(4), new Map([[participantId('ada'), pattern(31)]])), RangeError);
  thread.refuses = 'Epochs only go forward';
  await assert.rejects(encryption.sendWith(epochNumber(1)), /only go forward/);
  assert.deepEqual(thread.asked.map(({ kind }) => kind), ['begin', 'sendWith']);
});

test('the worker is told what each track shows, and when it ends', async (context) => {
  const { thread, room, protect } = start(context);
  thread.report({ kind: 'ready' });
  await protect();
  thread.asked.length = 0;
  room.localParticipant.emit(ParticipantEvent.LocalSenderCreated, {}, { mediaStreamID: 'c', source: 'camera' });
  room.emit(RoomEvent.TrackSubscribed, { mediaStreamID: 'r' }, { source: 'screen_share' }, { identity: 'bob' });
  room.emit(RoomEvent.TrackUnsubscribed, { mediaStreamID: 'r' }, {}, { identity: 'bob' });
  room.emit(RoomEvent.LocalTrackUnpublished, { track: { mediaStreamID: 'c' } });
  while (thread.asked.length < 4) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(thread.asked, [
    { kind: 'track', direction: 'sent', participant: 'ada', trackId: 'c', source: 'camera' },
    { kind: 'track', direction: 'received', participant: 'bob', trackId: 'r', source: 'screen_share' },
    { kind: 'trackEnded', direction: 'received', participant: 'bob', trackId: 'r' },
    { kind: 'trackEnded', direction: 'sent', participant: 'ada', trackId: 'c' },
  ]);
});

test('what the worker reports reaches the application, and key frames the encoder', async (context) => {
  let needed = 0;
  let told = 0;
  const { thread, room, encryption, protect } = start(context, { epochsNeeded: () => needed++, traffic: () => told++ });
  thread.report({ kind: 'ready' });
  await protect();
  const asked: unknown[] = [];
  const sender = { getParameters: () => ({ encodings: [{}, {}] }), setParameters: async (...all: unknown[]) => void asked.push(all[1]) };
  room.localParticipant.videoTrackPublications.set('one', { track: { mediaStreamID: 'c', sender } });
  room.localParticipant.videoTrackPublications.set('two', { track: { mediaStreamID: 'other', sender } });
  const traffic = [{ participant: participantId('bob'), direction: 'received', content: 'media', passed: 1, dropped: { badTag: 2 } }] as const;
  thread.report({ kind: 'traffic', traffic });
  thread.report({ kind: 'epochNeeded' });
  thread.report({ kind: 'keyFrames', trackIds: ['c'] });
  while (asked.length < 1) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(encryption.traffic, traffic);
  assert.deepEqual([needed, told], [1, 1]);
  assert.deepEqual(asked, [{ encodingOptions: [{ keyFrame: true }, { keyFrame: true }] }]);
});
