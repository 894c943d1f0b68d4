// Frame encryption of conference-client, with keys that the test hands out itself.
import { FrameEncryption } from '/conference-client/worker/index.js';

const bytes = (hex) => Uint8Array.from(hex.match(/../g), (pair) => Number.parseInt(pair, 16));

Object.assign(harness, {
  epochsNeeded: 0,

  encryptAs(own) {
    const worker = new Worker('/conference-client/worker/worker.js', { type: 'module' });
    worker.addEventListener('error', (event) => this.note('workerError', event.message));
    this.worker = worker;
    this.frames = new FrameEncryption({ own, worker, onEpochNeeded: () => this.epochsNeeded++ });
  },

  // keys: identity → hex.
  begin(epoch, keys) {
    return this.frames.begin(epoch, new Map(Object.entries(keys).map(([identity, key]) => [identity, bytes(key)])));
  },

  sendWith(epoch) {
    return this.frames.sendWith(epoch);
  },

  traffic() {
    return this.frames.traffic.map((line) => ({ ...line, participant: line.participant ?? null }));
  },

  // Keeps what the application is told was refused.
  told: [],
  listenForErrors() {
    this.room.on('encryptionError', (error) => this.told.push(error.message));
  },

  // Notes the time of every picture that is shown of somebody, so that a gap between two can be measured.
  watchPictures(identity) {
    const video = document.getElementById(`t-${identity}-camera`);
    const shown = [];
    const next = (now) => {
      shown.push(now);
      video.requestVideoFrameCallback(next);
    };
    video.requestVideoFrameCallback(next);
    this.shown = shown;
  },

  longestGap() {
    const times = [...this.shown, performance.now()];
    return Math.max(...times.slice(1).map((time, index) => time - times[index]));
  },
});

harness.ready = true;
