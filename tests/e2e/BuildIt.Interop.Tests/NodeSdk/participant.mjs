// LiveKit participants on the native stack (@livekit/rtc-node). Nothing here knows that the server is not LiveKit's own.
import { requireSdk, serve } from './calls.mjs';

const {
  AudioFrame, AudioSource, AudioStream, DataPacketKind, EncryptionType, LocalAudioTrack, LocalVideoTrack, Room, RoomEvent, TrackKind,
  TrackPublishOptions, TrackSource, VideoBufferType, VideoFrame, VideoSource, VideoStream,
} = requireSdk('@livekit/rtc-node');

const SampleRate = 48_000;
const Tone = 440;
const FrameMilliseconds = 20;
const PictureMilliseconds = 66;

const participants = new Map();
const find = (identity) => participants.get(identity);

async function countVideo(track, counts) {
  for await (const { frame } of new VideoStream(track)) {
    counts.frames += 1;
    counts.width = frame.width;
    counts.height = frame.height;
  }
}

async function countAudio(track, counts) {
  for await (const frame of new AudioStream(track, SampleRate, 1)) {
    counts.frames += 1;
    for (const sample of frame.data) counts.energy += (sample / 32768) ** 2 / SampleRate;
  }
}

function listen(room, state) {
  const note = (name, ...detail) => state.events.push({ name, detail: detail.map((d) => d?.identity ?? d?.sid ?? d) });
  room.on(RoomEvent.TrackSubscribed, (track, publication, participant) => {
    const kind = track.kind === TrackKind.KIND_VIDEO ? 'video' : 'audio';
    const counts = { identity: participant.identity, sid: publication.sid, kind, frames: 0, energy: 0, width: 0, height: 0 };
    state.received.set(`${participant.identity}/${kind}`, counts);
    (kind === 'video' ? countVideo : countAudio)(track, counts).catch((error) => note('streamFailed', String(error)));
    note('trackSubscribed', participant, publication);
  });
  room.on(RoomEvent.DataReceived, (payload, participant, kind, topic) => state.data.push({
    text: new TextDecoder().decode(payload),
    from: participant?.identity ?? null,
    // As the protocol numbers them; this SDK has its own numbers.
    kind: kind === DataPacketKind.KIND_RELIABLE ? 0 : 1,
    topic: topic ?? null,
  }));
  room.on(RoomEvent.ParticipantAttributesChanged, (changed, participant) => note('attributes', participant, changed));
  room.on(RoomEvent.ParticipantMetadataChanged, (metadata, participant) => note('metadata', participant, participant.metadata));
  room.on(RoomEvent.ActiveSpeakersChanged, (speakers) => note('speakers', speakers.map((s) => s.identity)));
  for (const event of [
    RoomEvent.ParticipantConnected, RoomEvent.ParticipantDisconnected, RoomEvent.TrackMuted, RoomEvent.TrackUnmuted, RoomEvent.TrackUnpublished,
    RoomEvent.Reconnecting, RoomEvent.Reconnected, RoomEvent.Disconnected, RoomEvent.LocalTrackRepublished, RoomEvent.EncryptionError,
  ]) {
    room.on(event, (...args) => note(event, ...args));
  }
  room.registerTextStreamHandler('test', async (reader, from) => state.texts.push({ text: await reader.readAll(), from: from.identity }));
  room.registerByteStreamHandler('test', async (reader, from) => {
    const chunks = await reader.readAll();
    state.bytes.push({ length: chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0), from: from.identity });
  });
}

async function publishTone(state) {
  const source = new AudioSource(SampleRate, 1);
  const track = LocalAudioTrack.createAudioTrack('tone', source);
  const publication = await state.room.localParticipant.publishTrack(track, new TrackPublishOptions({ source: TrackSource.SOURCE_MICROPHONE }));
  const samples = (SampleRate * FrameMilliseconds) / 1000;
  let at = 0;
  (async () => {
    while (!state.closed) {
      const data = new Int16Array(samples);
      for (let i = 0; i < samples; i += 1, at += 1) data[i] = 8000 * Math.sin((2 * Math.PI * Tone * at) / SampleRate);
      await source.captureFrame(new AudioFrame(data, SampleRate, 1, samples));
    }
  })().catch((error) => state.events.push({ name: 'toneFailed', detail: [String(error)] }));
  return publication.sid;
}

async function publishPicture(state, width, height) {
  const source = new VideoSource(width, height);
  const track = LocalVideoTrack.createVideoTrack('picture', source);
  const publication = await state.room.localParticipant.publishTrack(
    track, new TrackPublishOptions({ source: TrackSource.SOURCE_CAMERA, simulcast: true }));
  const luma = width * height;
  const i420 = new Uint8Array(luma * 1.5).fill(128);
  let tick = 0;
  const timer = setInterval(() => {
    if (state.closed) return clearInterval(timer);
    tick += 1;
    // A bright bar that wanders, so that each frame differs from the one before.
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) i420[y * width + x] = (x + tick * 8) % width < 40 ? 235 : (y * 2) % 200;
    }
    source.captureFrame(new VideoFrame(i420, width, height, VideoBufferType.I420));
  }, PictureMilliseconds);
  return publication.sid;
}

serve({
  async join(options) {
    const room = new Room();
    const state = { room, received: new Map(), data: [], texts: [], bytes: [], events: [], closed: false };
    participants.set(options.identity, state);
    listen(room, state);
    const roomOptions = { autoSubscribe: true, dynacast: options.dynacast ?? false };
    if (options.single !== null && options.single !== undefined) roomOptions.singlePeerConnection = options.single;
    if (options.e2eeKey) {
      roomOptions.encryption = {
        keyProviderOptions: { sharedKey: new TextEncoder().encode(options.e2eeKey) },
        encryptionType: EncryptionType.GCM,
      };
    }
    await room.connect(options.url, options.token, roomOptions);
    room.localParticipant.registerRpcMethod('echo', async (call) => `${call.callerIdentity}:${call.payload}`);
    return { sid: room.localParticipant.sid };
  },

  sid(identity) {
    return find(identity).room.localParticipant.sid;
  },

  async publish(identity, { audio, video, width, height }) {
    const state = find(identity);
    const sids = [];
    if (video) sids.push(await publishPicture(state, width, height));
    if (audio) sids.push(await publishTone(state));
    return sids;
  },

  received: (identity) => [...find(identity).received.values()],
  inbox: (identity) => ({ data: find(identity).data, texts: find(identity).texts, bytes: find(identity).bytes, events: find(identity).events }),
  participants: (identity) =>
    [...find(identity).room.remoteParticipants.values()].map((p) => ({ identity: p.identity, sid: p.sid, metadata: p.metadata, attributes: p.attributes })),
  sendData: (identity, text, options) => find(identity).room.localParticipant.publishData(new TextEncoder().encode(text), options),
  rpc: (identity, destinationIdentity, method, payload) => find(identity).room.localParticipant.performRpc({ destinationIdentity, method, payload }),
  async sendText(identity, text) {
    await find(identity).room.localParticipant.sendText(text, { topic: 'test' });
  },
  async sendBytes(identity, length) {
    const writer = await find(identity).room.localParticipant.streamBytes({ topic: 'test', name: 'bytes', totalSize: length });
    await writer.write(new Uint8Array(length).map((_, i) => i));
    await writer.close();
  },
  setAttributes: (identity, attributes) => find(identity).room.localParticipant.setAttributes(attributes),
  setMetadata: (identity, metadata) => find(identity).room.localParticipant.updateMetadata(metadata),
  simulate: (identity, scenario) => find(identity).room.simulateScenario(scenario),
  async leave(identity) {
    const state = find(identity);
    state.closed = true;
    participants.delete(identity);
    await state.room.disconnect();
  },
});
