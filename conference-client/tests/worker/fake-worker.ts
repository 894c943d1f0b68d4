import type { ControlReport, ControlRequest, Traffic } from '../../src/worker/control.js';
import { WorkerCore } from '../../src/worker/core.js';
import type { EncodedMedia, LivekitRequest, LivekitResponse, ScriptTransformer } from '../../src/worker/livekit.js';
import type { TrackSource } from '../../src/frames/source.js';
import { epochNumber, milliseconds, participantId, type Bytes } from '../../src/units.js';
import { keysOf } from '../frames/call.js';

/** A frame as a browser's encoder or depacketizer gives it. */
export function mediaFrame(data: Bytes, type?: 'key' | 'delta', metadata: { mimeType?: string; payloadType?: number } = type ? { mimeType: 'video/VP8' } : {}): EncodedMedia {
  return { data: data.slice().buffer, ...(type ? { type } : {}), getMetadata: () => metadata };
}

/** The two ends of a sender or receiver: what a test puts in, and what came through. */
export class FakeTrack {
  readonly streams: { readable: ReadableStream<EncodedMedia>; writable: WritableStream<EncodedMedia> };
  readonly passed: EncodedMedia[] = [];
  readonly #in: WritableStreamDefaultWriter<EncodedMedia>;

  constructor() {
    const before = new TransformStream<EncodedMedia, EncodedMedia>();
    this.#in = before.writable.getWriter();
    this.streams = { readable: before.readable, writable: new WritableStream({ write: (frame) => void this.passed.push(frame) }) };
  }

  /** Resolves when the pipeline has taken it. */
  put(frame: EncodedMedia): Promise<void> {
    return this.#in.write(frame);
  }

  end(): Promise<void> {
    return this.#in.close();
  }

  transformer(options: ScriptTransformer['options'], called: string[]): ScriptTransformer {
    return {
      ...this.streams,
      options,
      generateKeyFrame: async () => void called.push('generateKeyFrame'),
      sendKeyFrameRequest: async () => void called.push('sendKeyFrameRequest'),
    };
  }
}

/** The logic of a worker of one page, with a clock of the test's. */
export class FakeWorker {
  readonly answers: LivekitResponse[] = [];
  readonly reports: ControlReport[] = [];
  readonly core: WorkerCore;
  readonly #own: string;
  #now = 0;
  #later: { at: number; run(): void }[] = [];
  #lastId = 0;

  constructor(own: string) {
    this.#own = own;
    this.core = new WorkerCore(participantId(own), {
      now: () => milliseconds(this.#now),
      later: (delay, run) => void this.#later.push({ at: this.#now + delay, run }),
      answer: (message) => void this.answers.push(message),
      report: (report) => void this.reports.push(report),
    });
  }

  /** Lets time pass, and what was to be done in it happen. */
  pass(time: number): void {
    this.#now += time;
    const due = this.#later.filter(({ at }) => at <= this.#now);
    this.#later = this.#later.filter(({ at }) => at > this.#now);
    for (const { run } of due) run();
  }

  /** Asks as the page does; throws what the page would be told. */
  ask(request: (id: number) => ControlRequest): void {
    const id = ++this.#lastId;
    this.core.control(request(id));
    const answer = this.reports.pop();
    if (answer?.kind === 'keyFrames') throw new Error('the answer comes last');
    if (answer?.kind === 'failed') throw new Error(answer.message);
  }

  async begin(epoch: number, ...participants: string[]): Promise<void> {
    const keys = await keysOf(epoch, ...participants);
    this.ask((id) => ({ kind: 'begin', id, epoch: epochNumber(epoch), keys }));
  }

  sendWith(epoch: number): void {
    this.ask((id) => ({ kind: 'sendWith', id, epoch: epochNumber(epoch) }));
  }

  clear(): void {
    this.ask((id) => ({ kind: 'clear', id }));
  }

  /** Publishes a track, and returns its two ends. */
  publish(trackId: string, source: TrackSource | undefined, codec?: string): FakeTrack {
    const track = new FakeTrack();
    const { readable, writable } = track.streams;
    this.core.handle({ kind: 'encode', data: { participantIdentity: this.#own, trackId, codec, readableStream: readable, writableStream: writable } });
    if (source) this.tell('sent', this.#own, trackId, source);
    return track;
  }

  subscribe(participant: string, trackId: string, source: TrackSource | undefined): FakeTrack {
    const track = new FakeTrack();
    const { readable, writable } = track.streams;
    this.core.handle({ kind: 'decode', data: { participantIdentity: participant, trackId, readableStream: readable, writableStream: writable } });
    if (source) this.tell('received', participant, trackId, source);
    return track;
  }

  tell(direction: 'sent' | 'received', participant: string, trackId: string, source: TrackSource): void {
    this.core.control({ kind: 'track', direction, participant, trackId, source });
  }

  /** Waits for the answer to a request of livekit-client. */
  async answerTo(request: LivekitRequest): Promise<LivekitResponse> {
    const before = this.answers.length;
    this.core.handle(request);
    await until(() => this.answers.length > before);
    return this.answers.at(-1)!;
  }

  traffic(participant: string, direction: 'sent' | 'received', content: 'media' | 'data' = 'media'): Traffic | undefined {
    this.pass(500);
    const last = this.reports.filter((report) => report.kind === 'traffic').at(-1);
    return last?.traffic.find((line) => line.participant === participant && line.direction === direction && line.content === content);
  }
}

/** Lets everything that is under way go on until something is true; fails when it never is. */
export async function until(condition: () => boolean): Promise<void> {
  for (const began = performance.now(); performance.now() - began < 20_000; ) {
    if (condition()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`never true: ${condition}`);
}

/** Two pages in one call, with keys of both. */
export async function twoPages(): Promise<{ ada: FakeWorker; bob: FakeWorker }> {
  const pages = { ada: new FakeWorker('ada'), bob: new FakeWorker('bob') };
  for (const page of [pages.ada, pages.bob]) {
    await page.begin(1, 'ada', 'bob');
    page.sendWith(1);
  }
  return pages;
}
