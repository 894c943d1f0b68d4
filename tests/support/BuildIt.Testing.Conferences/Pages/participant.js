// One LiveKit participant under remote control of a test. Nothing here knows that the server is not LiveKit's own.
const { Room, RoomEvent, Track, ExternalE2EEKeyProvider, VideoPreset, VideoQuality, createLocalVideoTrack, createLocalAudioTrack } = LivekitClient;

const harness = {
  room: null,
  events: [],
  data: [],
  texts: [],
  bytes: [],
  decryptErrors: new Map(),
  flows: null,

  note(name, detail) {
    this.events.push({ at: Math.round(performance.now()), name, detail: detail ?? null });
  },

  forget() {
    this.events.length = 0;
    this.forgotten = performance.now();
  },

  // The room's events since they were forgotten, in seconds.
  story() {
    const told = ['signalReconnecting', 'reconnecting', 'signalConnected', 'reconnected', 'disconnected', 'participantConnected', 'trackSubscribed'];
    return this.events.filter((e) => told.includes(e.name)).map((e) => `${((e.at - this.forgotten) / 1000).toFixed(2)} ${e.name}`).join(', ');
  },

  // What the client waits for, when something that was published does not arrive.
  async diagnosis() {
    const { room } = this;
    const cameras = [...room.localParticipant.videoTrackPublications.values()].map(({ track }) => ({
      state: track.mediaStreamTrack.readyState,
      muted: track.mediaStreamTrack.muted,
      shown: document.getElementById('own-camera')?.getVideoPlaybackQuality().totalVideoFrames,
      transport: track.sender?.transport?.state,
      encodings: track.sender?.getParameters().encodings,
    }));
    return JSON.stringify({
      cameras,
      sent: await this.sent(),
      state: room.state,
      resuming: room.isResuming,
      pendingReconnect: room.engine?.pendingReconnect,
      attempting: room.engine?.attemptingReconnect,
      heldBack: room.bufferedEvents.map(([name]) => name),
      story: this.story(),
    });
  },

  async join(options) {
    const roomOptions = {
      adaptiveStream: options.adaptiveStream ?? false,
      dynacast: options.dynacast ?? false,
      singlePeerConnection: options.single ?? true,
      ...(options.returnsFast ? { reconnectPolicy: { nextRetryDelayInMs: ({ elapsedMs }) => (elapsedMs < 60_000 ? (100 + elapsedMs / 10) * (0.5 + Math.random()) : null) } } : {}),
      publishDefaults: {
        simulcast: options.simulcast ?? true,
        videoSimulcastLayers: [new VideoPreset(160, 90, 60_000, 15), new VideoPreset(320, 180, 150_000, 15)],
        videoEncoding: { maxBitrate: 500_000, maxFramerate: 15 },
        videoCodec: options.codec ?? 'vp8',
        backupCodec: options.backupCodec ? { codec: options.backupCodec } : false,
      },
    };
    const key = options.e2eeSecret ? Uint8Array.from(atob(options.e2eeSecret), (c) => c.charCodeAt(0)).buffer : options.e2eeKey;
    if (key) {
      this.keys = new ExternalE2EEKeyProvider();
      await this.keys.setKey(key);
      this.worker = new Worker('/livekit/livekit-client.e2ee.worker.js');
      roomOptions.encryption = { keyProvider: this.keys, worker: this.worker };
    }
    // Of a page that encrypts in another way.
    if (this.frames) roomOptions.encryption = this.frames.options;
    const room = new Room(roomOptions);
    this.room = room;
    await this.frames?.protect(room);
    for (const event of Object.values(RoomEvent)) {
      room.on(event, (...args) => {
        if (event === RoomEvent.ActiveSpeakersChanged) return this.note(event, args[0].map((p) => p.identity));
        const named = args.map((a) => a?.identity ?? a?.trackSid ?? a?.sid ?? (typeof a === 'object' ? null : a)).filter((a) => a !== null && a !== undefined);
        this.note(event, named);
      });
    }
    room.on(RoomEvent.TrackSubscribed, (track, publication, participant) => {
      const element = track.attach();
      element.id = `t-${participant.identity}-${publication.source}`;
      element.muted = false;
      document.getElementById('tiles').appendChild(element);
    });
    room.on(RoomEvent.EncryptionError, (error, participant) => {
      const identity = participant?.identity ?? 'unknown';
      this.decryptErrors.set(identity, (this.decryptErrors.get(identity) ?? 0) + 1);
    });
    room.on(RoomEvent.TrackUnsubscribed, (track) => track.detach().forEach((element) => element.remove()));
    room.on(RoomEvent.DataReceived, (payload, participant, kind, topic) => {
      this.data.push({ text: new TextDecoder().decode(payload), from: participant?.identity ?? null, kind, topic: topic ?? null });
    });
    room.registerTextStreamHandler('test', async (reader, from) => {
      this.texts.push({ text: await reader.readAll(), from: from.identity });
    });
    room.registerByteStreamHandler('test', async (reader, from) => {
      const chunks = await reader.readAll();
      this.bytes.push({ length: chunks.reduce((sum, c) => sum + c.byteLength, 0), from: from.identity });
    });
    room.registerRpcMethod('echo', async (call) => `${call.callerIdentity}:${call.payload}`);
    if (key) await room.setE2EEEnabled(true);
    await room.connect(options.url, options.token, { autoSubscribe: options.autoSubscribe ?? true });
    await room.startAudio().catch(() => {});
    return { sid: room.localParticipant.sid, identity: room.localParticipant.identity, room: room.name };
  },

  async publish(options) {
    if (options.video) {
      const [width, height] = options.size ?? [640, 360];
      const track = await createLocalVideoTrack({ resolution: { width, height, frameRate: options.frameRate ?? 15 } });
      const element = track.attach();
      element.id = 'own-camera';
      document.getElementById('tiles').appendChild(element);
      await this.room.localParticipant.publishTrack(track, { source: Track.Source.Camera });
    }
    if (options.audio) {
      const track = await createLocalAudioTrack({ autoGainControl: false, echoCancellation: false, noiseSuppression: false });
      // The fake microphone is a stereo one, for which the SDK leaves redundancy out unless it is asked for.
      await this.room.localParticipant.publishTrack(track, { source: Track.Source.Microphone, ...(options.red ? { red: true } : {}), ...(options.dtx === false ? { dtx: false } : {}) });
    }
    return [...this.room.localParticipant.trackPublications.values()].map((p) => p.trackSid);
  },

  async unpublish(source) {
    const { localParticipant } = this.room;
    await localParticipant.unpublishTrack(localParticipant.getTrackPublication(source).track);
  },

  // A moving picture, published as a screen: 16:10, as no camera is.
  async shareScreen() {
    const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 400 });
    const context = canvas.getContext('2d');
    let frame = 0;
    setInterval(() => {
      context.fillStyle = `hsl(${(frame * 7) % 360} 80% 50%)`;
      context.fillRect(0, 0, canvas.width, canvas.height);
      context.fillStyle = 'white';
      context.fillRect((frame++ * 13) % canvas.width, 100, 60, 60);
    }, 100);
    await this.room.localParticipant.publishTrack(canvas.captureStream(10).getVideoTracks()[0], { source: Track.Source.ScreenShare });
  },

  // What this participant really receives, by remote participant and source.
  async received() {
    const result = [];
    for (const participant of this.room.remoteParticipants.values()) {
      for (const publication of participant.trackPublications.values()) {
        const entry = {
          identity: participant.identity, source: publication.source, sid: publication.trackSid, kind: publication.kind,
          subscribed: publication.isSubscribed, muted: publication.isMuted, encrypted: publication.isEncrypted,
          framesDecoded: 0, width: 0, height: 0, bytes: 0, packets: 0, lost: 0, energy: 0, freezes: 0, freezeSeconds: 0, keyFrames: 0,
          at: 0, frameDelay: 0, squaredFrameDelay: 0,
          decryptErrors: this.decryptErrors.get(participant.identity) ?? 0,
          streamState: publication.track?.streamState ?? null,
        };
        const report = await publication.track?.receiver?.getStats();
        report?.forEach((s) => {
          if (s.type !== 'inbound-rtp') return;
          entry.framesDecoded = s.framesDecoded ?? 0;
          entry.width = s.frameWidth ?? 0;
          entry.height = s.frameHeight ?? 0;
          entry.bytes = s.bytesReceived ?? 0;
          entry.packets = s.packetsReceived ?? 0;
          entry.lost = s.packetsLost ?? 0;
          entry.energy = s.totalAudioEnergy ?? 0;
          entry.freezes = s.freezeCount ?? 0;
          entry.freezeSeconds = s.totalFreezesDuration ?? 0;
          entry.keyFrames = s.keyFramesDecoded ?? 0;
          entry.at = s.timestamp;
          entry.frameDelay = s.totalInterFrameDelay ?? 0;
          entry.squaredFrameDelay = s.totalSquaredInterFrameDelay ?? 0;
        });
        result.push(entry);
      }
    }
    return result;
  },

  // What came over all connections and was played, whoever it is said to be of: also what belongs to no participant that this page knows.
  async arrived() {
    const { publisher, subscriber } = this.room.engine.pcManager;
    const sum = { videoPackets: 0, audioPackets: 0, framesDecoded: 0, energy: 0 };
    for (const transport of [publisher, subscriber]) {
      (await transport?.getStats())?.forEach((entry) => {
        if (entry.type !== 'inbound-rtp') return;
        sum[`${entry.kind}Packets`] += entry.packetsReceived ?? 0;
        sum.framesDecoded += entry.framesDecoded ?? 0;
        sum.energy += entry.totalAudioEnergy ?? 0;
      });
    }
    return sum;
  },

  // Whether the worker that encrypts still does what it is told.
  // Null of a page that has none.
  async workerAnswers() {
    if (!this.worker) return null;
    return new Promise((resolve) => {
      setTimeout(() => resolve(false), 3000);
      this.worker.addEventListener('message', (message) => message.data.kind === 'enable' && resolve(true));
      this.worker.postMessage({ kind: 'enable', data: { enabled: true, participantIdentity: this.room.localParticipant.identity } });
    });
  },

  // What was seen and heard of everybody so far; see flows.js.
  progress() {
    this.flows ??= watchFlows(this.room);
    return this.flows();
  },

  // The codec of the video that really arrives.
  async codec(identity) {
    for (const publication of this.remote(identity).videoTrackPublications.values()) {
      const report = await publication.track?.receiver?.getStats();
      const inbound = [...report.values()].find((s) => s.type === 'inbound-rtp');
      return report.get(inbound?.codecId)?.mimeType ?? null;
    }
    return null;
  },

  // The user name fragments of the descriptions in force, on both sides of every connection.
  iceCredentials() {
    const { publisher, subscriber } = this.room.engine.pcManager;
    return [publisher, subscriber].filter((transport) => transport?.getLocalDescription()).flatMap((transport) =>
      [transport.getLocalDescription(), transport.getRemoteDescription()].map((description) => /a=ice-ufrag:(\S+)/.exec(description?.sdp)?.[1]));
  },

  picture(element) {
    const context = new OffscreenCanvas(16, 9).getContext('2d');
    context.drawImage(document.getElementById(element), 0, 0, 16, 9);
    return [...context.getImageData(0, 0, 16, 9).data].filter((_, i) => i % 4 !== 3);
  },

  // What this participant sends, by simulcast layer.
  async sent() {
    const result = [];
    for (const publication of this.room.localParticipant.trackPublications.values()) {
      const report = await publication.track?.sender?.getStats();
      report?.forEach((s) => {
        if (s.type === 'outbound-rtp') {
          result.push({ sid: publication.trackSid, kind: s.kind, rid: s.rid ?? '', bytes: s.bytesSent, frames: s.framesEncoded ?? 0, width: s.frameWidth ?? 0, active: s.active ?? true, limit: s.qualityLimitationReason ?? '' });
        }
      });
    }
    return result;
  },

  state() {
    return {
      state: this.room.state,
      sid: this.room.localParticipant.sid,
      remotes: [...this.room.remoteParticipants.values()].map((p) => p.identity).sort(),
      permissions: this.room.localParticipant.permissions ?? null,
      metadata: this.room.metadata ?? null,
      attributes: this.room.localParticipant.attributes,
      published: [...this.room.localParticipant.trackPublications.values()].map((p) => ({ sid: p.trackSid, source: p.source, muted: p.isMuted })),
    };
  },

  send(text, options) {
    return this.room.localParticipant.publishData(new TextEncoder().encode(text), options);
  },

  sendText(text) {
    return this.room.localParticipant.sendText(text, { topic: 'test' });
  },

  async sendBytes(length) {
    const writer = await this.room.localParticipant.streamBytes({ topic: 'test', name: 'bytes', totalSize: length });
    await writer.write(new Uint8Array(length).map((_, i) => i));
    await writer.close();
  },

  rpc(destinationIdentity, method, payload) {
    return this.room.localParticipant.performRpc({ destinationIdentity, method, payload });
  },

  remote(identity) {
    return this.room.remoteParticipants.get(identity);
  },

  resizeTile(identity, width, height) {
    const { style } = document.getElementById(`t-${identity}-camera`);
    style.width = `${width}px`;
    style.height = `${height}px`;
  },

  showTile(identity, shown) {
    document.getElementById(`t-${identity}-camera`).style.display = shown ? '' : 'none';
  },

  setQuality(identity, quality) {
    for (const publication of this.remote(identity).videoTrackPublications.values()) publication.setVideoQuality(VideoQuality[quality]);
  },

  setSize(identity, width, height) {
    for (const publication of this.remote(identity).videoTrackPublications.values()) publication.setVideoDimensions({ width, height });
  },

  setEnabled(identity, enabled) {
    for (const publication of this.remote(identity).videoTrackPublications.values()) publication.setEnabled(enabled);
  },
};

window.harness = harness;
