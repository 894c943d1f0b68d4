// Encryption cannot be switched off. Here with livekit-client's own Room, and the worker's logic in the place of a worker: whatever the
// page, a server or an option asks for, every sender and every receiver has its transform (or carries nothing), the transform seals
// and opens (or drops), and what is announced stays announced as encrypted. In browsers with a node that lies: LyingNodeTests.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { Encryption_Type, TrackInfo } from '@livekit/protocol';
import { ParticipantEvent, Room, RoomEvent, type LocalTrack } from 'livekit-client';
import { isAllowedCodec } from '../../src/frames/codec.js';
import { epochNumber, milliseconds, participantId } from '../../src/units.js';
import type { ConnectMessage, ControlRequest } from '../../src/worker/control.js';
import { WorkerCore } from '../../src/worker/core.js';
import { FrameEncryption } from '../../src/worker/frame-encryption.js';
import type { LivekitRequest, LivekitResponse, PipelineOptions } from '../../src/worker/livekit.js';
import { pattern } from '../support/bytes.js';
import { FakeTrack, mediaFrame } from './fake-worker.js';

const own = participantId('ada');
const picture = pattern(900, 3);

/** A transform as Firefox and Safari have it. */
class ScriptTransform {
  readonly options: PipelineOptions;

  constructor(worker: PageWorker, options: PipelineOptions) {
    this.options = options;
    worker.transforms.push(this);
  }
}

/** A worker that runs on the page's thread. */
class PageWorker {
  readonly transforms: ScriptTransform[] = [];
  onmessage: ((event: { data: LivekitResponse }) => void) | undefined;
  core!: WorkerCore;
  port!: MessagePort;

  postMessage(message: ConnectMessage | LivekitRequest): void {
    if (message.kind !== 'buildit-connect') return this.core.handle(message);
    const { port } = message;
    this.port = port;
    this.core = new WorkerCore(message.own, {
      now: () => milliseconds(performance.now()),
      later: (delay, run) => void setTimeout(run, delay).unref(),
      answer: (data) => queueMicrotask(() => this.onmessage?.({ data })),
      report: (report) => port.postMessage(report),
    });
    port.onmessage = ({ data }: MessageEvent<ControlRequest>) => this.core.control(data);
    port.postMessage({ kind: 'ready' });
  }
}

Object.assign(globalThis, { window: globalThis, MediaStreamTrack: class {}, RTCRtpScriptTransform: ScriptTransform, addEventListener: () => undefined, removeEventListener: () => undefined });

/** A sender or a receiver of a browser. */
class Transceiver {
  transform: ScriptTransform | undefined;
  track: object | null = {};

  replaceTrack(track: object | null): Promise<void> {
    this.track = track;
    return Promise.resolve();
  }
}

async function protectedRoom(context: TestContext, named: string = own) {
  const worker = new PageWorker();
  const errors: string[] = [];
  const encryption = new FrameEncryption({ own, worker: worker as unknown as Worker });
  context.after(() => worker.port.close());
  // Options of an application that wants it off; `Conference` puts its own `encryption` behind them in the same way.
  const hostile = { encryption: undefined, publishDefaults: { backupCodec: { codec: 'h264' as const }, videoCodec: 'av1' as const } };
  const room = new Room({ ...hostile, encryption: encryption.options });
  room.on(RoomEvent.EncryptionError, (error) => void errors.push(error.message));
  await encryption.protect(room);
  const me = room.localParticipant;
  me.identity = named;
  context.mock.method(room, 'getParticipantByIdentity', (identity: string) => (identity === named ? me : { identity }));
  room.emit(RoomEvent.SignalConnected);
  await new Promise((resolve) => setImmediate(resolve));
  await encryption.begin(epochNumber(1), new Map([[own, pattern(32)], [participantId('bob'), pattern(32, 9)]]));
  await encryption.sendWith(epochNumber(1));

  /** livekit-client publishes a track. */
  const publish = (trackId: string): Transceiver => {
    const sender = new Transceiver();
    me.emit(ParticipantEvent.LocalSenderCreated, sender as unknown as RTCRtpSender, { mediaStreamID: trackId, kind: 'video', source: 'camera', isLocal: true } as unknown as LocalTrack);
    return sender;
  };
  /** A track of Bob's arrives, of which a server says this. */
  const subscribe = (trackId: string, info: Partial<TrackInfo>) => {
    const receiver = new Transceiver();
    const media = { stopped: false, stop: () => (media.stopped = true) };
    const track = { mediaStreamID: trackId, kind: 'video', receiver, mediaStreamTrack: media };
    const publication = { trackInfo: new TrackInfo(info), source: 'camera', trackSid: 'TR_1' };
    const bob = { identity: 'bob' };
    room.emit(RoomEvent.TrackPublished, publication as never, bob as never);
    room.emit(RoomEvent.TrackSubscribed, track as never, publication as never, bob as never);
    return { receiver, media };
  };
  /** Puts a frame through a transform; gives what comes out within a moment. */
  const through = async ({ options }: ScriptTransform, frame = mediaFrame(picture, 'key')) => {
    const carried = new FakeTrack();
    worker.core.transform(carried.transformer(options, []));
    await new Promise((resolve) => setImmediate(resolve));
    void carried.put(frame);
    await new Promise((resolve) => setTimeout(resolve, 30));
    return carried.passed.map(({ data }) => Buffer.from(data));
  };
  const assertSealed = async (sender: Transceiver) => {
    assert.ok(sender.transform, 'a sender without a transform');
    const [sealed, ...more] = await through(sender.transform);
    assert.ok(sealed && more.length === 0);
    assert.ok(!sealed.includes(Buffer.from(picture.subarray(10, 60))), 'a frame left in clear');
  };
  return { room, me, encryption, worker, errors, publish, subscribe, through, assertSealed };
}

test('the page: neither the room nor its participant is switched off, before or after anything is published', async (context) => {
  const { room, me, publish, assertSealed } = await protectedRoom(context);
  await assertSealed(publish('one'));
  await assert.rejects(room.setE2EEEnabled(false), /cannot be switched off/);
  await assert.rejects(me.setE2EEEnabled(false), /cannot be switched off/);
  assert.ok(room.isE2EEEnabled && me.isE2EEEnabled, 'tracks are announced as not encrypted');
  await assertSealed(publish('two'));
});

test('the page: what livekit-client itself would ask its worker for to be switched off changes nothing', async (context) => {
  const { room, worker, publish, assertSealed, subscribe, through } = await protectedRoom(context);
  const manager = (room as unknown as { e2eeManager: { setParticipantCryptorEnabled(enabled: boolean, identity: string): void; setSifTrailer(trailer: Uint8Array): void } }).e2eeManager;
  const trailer = pattern(16, 77);
  manager.setSifTrailer(trailer);
  for (const identity of [own, 'bob', '']) worker.core.handle({ kind: 'enable', data: { enabled: false, participantIdentity: identity } });
  await new Promise((resolve) => setImmediate(resolve));
  assert.ok(room.isE2EEEnabled);
  await assertSealed(publish('one'));
  const { receiver } = subscribe('r', { mimeType: 'video/VP8', encryption: Encryption_Type.GCM });
  for (const clear of [picture, Uint8Array.from([...picture, ...trailer])]) assert.deepEqual(await through(receiver.transform!, mediaFrame(clear, 'key')), []);
});

test('an option: no second encoding goes out beside the sealed one, although a default and the server ask for it', async (context) => {
  const { me } = await protectedRoom(context);
  let created = 0;
  const engine = (me as unknown as { engine: { createSimulcastSender(): Promise<void> } }).engine;
  engine.createSimulcastSender = async () => void created++;
  await me.publishAdditionalCodecForTrack({ kind: 'video' } as unknown as LocalTrack, 'vp8');
  assert.equal(created, 0);
});

test('an option: a codec of which a frame cannot be sealed is refused with an error that names it, and nothing of it leaves', async (context) => {
  for (const codec of ['AV1', 'H264', 'H265', 'red']) {
    const { publish, through, errors } = await protectedRoom(context);
    assert.ok(!isAllowedCodec(codec.toLowerCase()));
    const kind = codec === 'red' ? 'audio' : 'video';
    assert.deepEqual(await through(publish(codec).transform!, mediaFrame(picture, kind === 'video' ? 'key' : undefined, { mimeType: `${kind}/${codec}` })), []);
    assert.match(errors.join(), new RegExp(`${codec.toLowerCase()} is not sent: frames are sealed for Opus, VP8 and VP9`));
  }
});

test('a server: a track that is announced as not encrypted, or in a way that livekit-client stops at, plays nothing in clear', async (context) => {
  const { subscribe, through } = await protectedRoom(context);
  const said: Partial<TrackInfo>[] = [
    { mimeType: 'video/VP8', encryption: Encryption_Type.NONE },
    { mimeType: 'video/VP8', encryption: Encryption_Type.CUSTOM },
    { mimeType: '', encryption: Encryption_Type.GCM },
    { mimeType: '', encryption: Encryption_Type.NONE },
    { mimeType: 'nonsense', encryption: Encryption_Type.GCM },
    {},
  ];
  for (const [index, info] of said.entries()) {
    const { receiver, media } = subscribe(`r${index}`, info);
    assert.ok(receiver.transform, `a receiver without a transform: ${JSON.stringify(info)}`);
    assert.deepEqual(await through(receiver.transform), []);
    assert.equal(media.stopped, false);
  }
});

test('a server: who gives this page another name, or none, gets nothing of its media', async (context) => {
  for (const named of ['', 'mallory']) {
    const { publish, through, errors } = await protectedRoom(context, named);
    const sender = publish('one');
    await new Promise((resolve) => setImmediate(resolve));
    if (sender.transform) assert.deepEqual(await through(sender.transform), []);
    else {
      assert.equal(sender.track, null, 'media of a sender without a transform');
      await sender.replaceTrack({});
      assert.equal(sender.track, null, 'media that is put into it later');
    }
    assert.equal(errors.length, 1);
  }
});

test('a browser that refuses a transform: nothing is sent and nothing is played', async (context) => {
  const { publish, subscribe, errors } = await protectedRoom(context);
  context.mock.method(globalThis as unknown as { RTCRtpScriptTransform: () => void }, 'RTCRtpScriptTransform', function () {
    throw new Error('not now');
  });
  assert.equal(publish('one').track, null);
  assert.equal(subscribe('r', { mimeType: 'video/VP8' }).media.stopped, true);
  assert.deepEqual(errors.map((error) => /is not (sent|played)/.exec(error)?.[1]), ['sent', 'played']);
});

test('livekit-client gives senders and receivers their transforms where they are guarded', (context) => {
  const worker = new PageWorker();
  const room = new Room({ encryption: new FrameEncryption({ own, worker: worker as unknown as Worker }).options });
  context.after(() => worker.port.close());
  const { e2eeManager, localParticipant } = room as unknown as { e2eeManager: Record<string, unknown>; localParticipant: Record<string, unknown> };
  for (const name of ['setupE2EESender', 'setupE2EEReceiver', 'handleReceiver']) assert.equal(typeof e2eeManager[name], 'function');
  for (const name of ['setE2EEEnabled', 'publishAdditionalCodecForTrack']) assert.equal(typeof localParticipant[name], 'function');
});
