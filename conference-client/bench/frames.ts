// How many frames a second the worker seals and opens, and how long it holds each: npm run bench

import type { EncodedMedia } from '../src/worker/livekit.js';
import { FakeWorker, mediaFrame } from '../tests/worker/fake-worker.js';
import { pattern } from '../tests/support/bytes.js';

/** What a call sends: frames of some size, so many a second. */
interface Load {
  readonly name: string;
  readonly tracks: number;
  readonly bytes: number;
  readonly perSecond: number;
  readonly video: boolean;
}

const hd: Load = { name: '720p at 1.7 Mbit/s', tracks: 1, bytes: 7_000, perSecond: 30, video: true };
const keyFrame: Load = { name: '720p, key frames alone', tracks: 1, bytes: 60_000, perSecond: 30, video: true };
const tiles: Load = { name: '49 tiles of 180p', tracks: 49, bytes: 1_200, perSecond: 15, video: true };
const sounds: Load = { name: '49 voices', tracks: 49, bytes: 90, perSecond: 50, video: false };

/** A pipeline that says when a frame is through it. */
class Line {
  readonly #writer: WritableStreamDefaultWriter<EncodedMedia>;
  readonly streams: { readable: ReadableStream<EncodedMedia>; writable: WritableStream<EncodedMedia> };
  #through: (frame: EncodedMedia) => void = () => undefined;

  constructor() {
    const before = new TransformStream<EncodedMedia, EncodedMedia>();
    this.#writer = before.writable.getWriter();
    this.streams = { readable: before.readable, writable: new WritableStream({ write: (frame) => this.#through(frame) }) };
  }

  async pass(frame: EncodedMedia): Promise<EncodedMedia> {
    const through = new Promise<EncodedMedia>((resolve) => (this.#through = resolve));
    await this.#writer.write(frame);
    return through;
  }
}

const sender = new FakeWorker('ada');
const receiver = new FakeWorker('bob');
for (const page of [sender, receiver]) {
  await page.begin(1, 'ada', 'bob');
  page.sendWith(1);
}

let made = 0;
function line(page: FakeWorker, kind: 'encode' | 'decode'): Line {
  const lane = new Line();
  const trackId = `track ${made++}`;
  page.core.handle({ kind, data: { participantIdentity: 'ada', trackId, readableStream: lane.streams.readable, writableStream: lane.streams.writable } });
  page.tell(kind === 'encode' ? 'sent' : 'received', 'ada', trackId, 'camera');
  return lane;
}

function percentile(values: number[], share: number): string {
  return (values.sort((one, other) => one - other)[Math.floor(values.length * share)] ?? 0).toFixed(2);
}

function framesOf(load: Load, count: number): EncodedMedia[][] {
  return Array.from({ length: load.tracks }, () =>
    Array.from({ length: count }, (_, index) => mediaFrame(pattern(load.bytes, index), load.video ? (index === 0 ? 'key' : 'delta') : undefined)));
}

/** Processor time of this process in milliseconds, all threads together. */
function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Sends frames through as many pipelines as there are tracks, as fast as they take them, and returns what came out. */
async function flood(page: FakeWorker, kind: 'encode' | 'decode', load: Load, frames: EncodedMedia[][]): Promise<EncodedMedia[][]> {
  const lanes = frames.map(() => line(page, kind));
  const processor = processorTime();
  const began = performance.now();
  const passed = await Promise.all(lanes.map(async (lane, track) => {
    const through: EncodedMedia[] = [];
    for (const frame of frames[track]!) through.push(await lane.pass(frame));
    return through;
  }));
  const count = passed.flat().length;
  const perSecond = Math.round((count / (performance.now() - began)) * 1000);
  console.log(`${kind === 'encode' ? 'sealing' : 'opening'} ${load.name}: ${perSecond} frames/s, ${(((processorTime() - processor) / count) * 1000).toFixed(0)} µs of processor time a frame`);
  return passed;
}

/** Opens frames when a call would bring them, and says how long each was held. */
async function pace(loads: readonly (readonly [Load, EncodedMedia[][]])[]): Promise<void> {
  const held: number[] = [];
  const processor = processorTime();
  const began = performance.now();
  await Promise.all(loads.flatMap(([load, frames]) => frames.map(async (track, index) => {
    const lane = line(receiver, 'decode');
    const interval = 1000 / load.perSecond;
    // Participants are not in step.
    let due = performance.now() + (interval * index) / frames.length;
    for (const frame of track) {
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
      const start = performance.now();
      await lane.pass(frame);
      held.push(performance.now() - start);
      due += interval;
    }
  })));
  const share = ((processorTime() - processor) / (performance.now() - began)) * 100;
  const names = loads.map(([load]) => load.name).join(' and ');
  console.log(`opening ${names} as they come: held ${percentile(held, 0.5)} ms, 95 % below ${percentile(held, 0.95)} ms; ${share.toFixed(1)} % of a core`);
}

for (const load of [hd, keyFrame, tiles, sounds]) {
  const count = Math.ceil(20_000 / load.tracks / Math.max(1, load.bytes / 7_000));
  await flood(receiver, 'decode', load, await flood(sender, 'encode', load, framesOf(load, count)));
}

const SECONDS = 5;
const sealed = async (load: Load) => [load, await flood(sender, 'encode', load, framesOf(load, load.perSecond * SECONDS))] as const;
await pace([await sealed(hd)]);
await pace([await sealed(tiles), await sealed(sounds)]);
