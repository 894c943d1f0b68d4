import { DataOpener } from '../data/opener.js';
import { DataSealer } from '../data/sealer.js';
import { SaltPool } from '../frames/counter.js';
import type { DropReason } from '../frames/drops.js';
import { KeyRing } from '../frames/keyring.js';
import { FrameOpener } from '../frames/opener.js';
import { FrameSealer } from '../frames/sealer.js';
import { milliseconds, participantId, type Epoch, type Milliseconds, type ParticipantId } from '../units.js';
import { Complaints } from './complaints.js';
import type { ControlReport, ControlRequest } from './control.js';
import type { LivekitRequest, LivekitResponse, PipelineOptions, ScriptTransformer } from './livekit.js';
import { OpeningPipe } from './opening-pipe.js';
import type { Binding, Streams } from './pipe.js';
import { Pipes } from './pipes.js';
import { SealingPipe } from './sealing-pipe.js';
import { TrackSources } from './sources.js';
import { Tally } from './tally.js';

/** How often the page is told of changed counts, at most. */
const REPORT_EVERY: Milliseconds = milliseconds(500);

/** What happens in every call while keys change hands. It is counted, but nothing to tell a person. */
const ordinary: ReadonlySet<DropReason> = new Set(['noKey', 'unknownEpoch', 'replay']);

/** What the worker gives its logic. */
export interface Surroundings {
  /** A clock that never goes back. */
  now(): Milliseconds;
  /** Runs something once, after a time. */
  later(delay: Milliseconds, run: () => void): void;
  /** Says something to livekit-client. */
  answer(message: LivekitResponse): void;
  /** Says something to the page. */
  report(report: ControlReport): void;
}

/** All that the worker decides, without the worker. */
export class WorkerCore {
  readonly #own: ParticipantId;
  readonly #around: Surroundings;
  readonly #ring: KeyRing;
  readonly #salts = new SaltPool();
  readonly #sources = new TrackSources();
  readonly #pipes = new Pipes();
  readonly #tally = new Tally();
  readonly #complaints = new Complaints();
  #payloadCodecs: ReadonlyMap<number, string> = new Map();
  #dataSealer: DataSealer | undefined;
  #dataSealed: Promise<void> = Promise.resolve();
  #reportDue = false;
  #exhausted: Epoch | undefined;

  constructor(own: ParticipantId, around: Surroundings) {
    this.#own = own;
    this.#around = around;
    this.#ring = new KeyRing(own);
  }

  /** A message of livekit-client. One that means nothing here is ignored. */
  handle(request: LivekitRequest): void {
    switch (request.kind) {
      case 'init':
        return this.#around.answer({ kind: 'initAck', data: { enabled: true } });
      case 'enable': {
        // Encryption is never off. What is said of others is only said back, and what they send in clear is dropped.
        const { participantIdentity } = request.data;
        const enabled = request.data.enabled || participantIdentity === '' || participantIdentity === this.#own;
        return this.#around.answer({ kind: 'enable', data: { enabled, participantIdentity } });
      }
      case 'encode':
      case 'decode':
        return this.#start({ ...request.data, kind: request.kind }, { readable: request.data.readableStream, writable: request.data.writableStream });
      case 'updateCodec':
        return this.#update(request.data);
      case 'removeTransform':
        return this.#unbind(request.data);
      case 'setRTPMap':
        this.#payloadCodecs = request.data.map;
        return;
      case 'encryptDataRequest':
        // One after the other, so that they keep their order.
        this.#dataSealed = this.#dataSealed.then(() => this.#sealData(request.data));
        return;
      case 'decryptDataRequest':
        void this.#openData(request.data);
    }
  }

  /** A script transform that livekit-client gave a sender or a receiver. */
  transform(transformer: ScriptTransformer): void {
    this.#start(transformer.options, { readable: transformer.readable, writable: transformer.writable, transformer });
  }

  /** A message of the page. */
  control(request: ControlRequest): void {
    switch (request.kind) {
      case 'track':
        return this.#sources.set(request.direction, request.participant, request.trackId, request.source);
      case 'trackEnded':
        return this.#sources.delete(request.direction, request.participant, request.trackId);
      default:
        try {
          this.#change(request);
          this.#around.report({ kind: 'done', id: request.id });
        } catch (error) {
          this.#around.report({ kind: 'failed', id: request.id, message: error instanceof Error ? error.message : String(error) });
        }
    }
  }

  #change(request: Exclude<ControlRequest, { kind: 'track' | 'trackEnded' }>): void {
    switch (request.kind) {
      case 'switchOn':
        // Before it is connected a room's own participant has no name. Without this, what is sent until the page and the worker
        // have spoken after the connection would go in clear.
        return this.#around.answer({ kind: 'enable', data: { enabled: true, participantIdentity: '' } });
      case 'begin':
        this.#ring.begin(request.epoch, request.keys, this.#around.now());
        return this.#eraseWhenDue();
      case 'sendWith':
        if (request.epoch === this.#ring.sendingEpoch) return;
        this.#ring.sendWith(request.epoch);
        return this.#askForKeyFrames();
      case 'retire':
        return this.#ring.retire(request.epoch);
      case 'clear':
        this.#ring.clear();
        this.#pipes.renew();
        this.#dataSealer = undefined;
    }
  }

  /** Erases old keys even when no frame comes that would have it done. */
  #eraseWhenDue(): void {
    const now = this.#around.now();
    const due = this.#ring.advance(now);
    if (due !== undefined) this.#around.later(milliseconds(Math.max(0, due - now)), () => this.#eraseWhenDue());
  }

  #askForKeyFrames(): void {
    const forPage: string[] = [];
    for (const pipe of this.#pipes.sealing) {
      if (!pipe.video || !pipe.binding) continue;
      if (pipe.transformer) pipe.transformer.generateKeyFrame().catch(() => undefined);
      else forPage.push(pipe.binding.trackId);
    }
    if (forPage.length > 0) this.#around.report({ kind: 'keyFrames', trackIds: forPage });
  }

  #start({ kind, participantIdentity, trackId, codec }: PipelineOptions, streams: Streams): void {
    const binding: Binding = { participant: participantIdentity, trackId };
    if (kind === 'decode') return this.#startOpening(binding, streams);
    // A page publishes as itself. A pipeline that never runs lets nothing out.
    if (participantIdentity !== this.#own) return this.#complain(participantIdentity, 'encode', `frames of ${participantIdentity} are not sealed here: this is ${this.#own}`);
    this.#startSealing(binding, codec, streams);
  }

  #startSealing(binding: Binding, codec: string | undefined, streams: Streams): void {
    const counts = this.#tally.countsOf(this.#own, 'sent', 'media');
    const around = {
      sources: this.#sources,
      observer: this.#observer('sent'),
      now: () => this.#around.now(),
      makeSealer: (source: Parameters<TrackSources['set']>[3]) => new FrameSealer(this.#ring, source, this.#salts, counts),
      codecOf: (payloadType: number) => this.#payloadCodecs.get(payloadType),
    };
    const pipe = new SealingPipe(binding, codec, around, () => this.#pipes.sealing.delete(pipe));
    this.#pipes.sealing.add(pipe);
    pipe.run(streams);
  }

  #startOpening(binding: Binding, streams: Streams): void {
    const around = {
      sources: this.#sources,
      observer: this.#observer('received'),
      now: () => this.#around.now(),
      makeOpener: (participant: string, source: Parameters<TrackSources['set']>[3]) => {
        const sender = participantId(participant);
        return new FrameOpener(this.#ring, sender, source, this.#tally.countsOf(sender, 'received', 'media'));
      },
    };
    const pipe = new OpeningPipe(binding, around, () => this.#pipes.openingEnded(pipe));
    this.#pipes.addOpening(pipe);
    pipe.run(streams);
  }

  /** A codec that became known, or a receiver that a browser uses for another track: its streams were handed over once and for all. */
  #update({ participantIdentity, trackId, codec, previousTrackId }: Extract<LivekitRequest, { kind: 'updateCodec' }>['data']): void {
    for (const pipe of this.#pipes.sealing) {
      if (pipe.trackId === trackId && participantIdentity === this.#own) pipe.setCodec(codec);
    }
    if (previousTrackId === undefined) return;
    for (const pipe of this.#pipes.opening(previousTrackId)) {
      pipe.bind({ participant: participantIdentity, trackId });
      pipe.revive();
    }
  }

  #unbind({ participantIdentity, trackId }: Extract<LivekitRequest, { kind: 'removeTransform' }>['data']): void {
    for (const pipe of this.#pipes.opening(trackId)) {
      if (pipe.binding?.participant === participantIdentity) pipe.bind(undefined);
    }
    this.#sources.release('received', participantIdentity, trackId);
  }

  async #sealData({ uuid, payload }: Extract<LivekitRequest, { kind: 'encryptDataRequest' }>['data']): Promise<void> {
    this.#dataSealer ??= new DataSealer(this.#ring, this.#salts, this.#tally.countsOf(this.#own, 'sent', 'data'));
    const result = await this.#dataSealer.seal(payload, this.#around.now());
    this.#changed();
    if (result.kind === 'message') {
      const { iv, payload: sealed, version } = result.message;
      return this.#around.answer({ kind: 'encryptDataResponse', data: { uuid, payload: sealed, iv, keyIndex: version } });
    }
    this.#askForEpoch(result.reason);
    this.#around.answer({ kind: 'error', data: { error: new Error(`The data was not sent: ${result.reason}`), uuid } });
  }

  async #openData({ uuid, payload, iv, participantIdentity, keyIndex }: Extract<LivekitRequest, { kind: 'decryptDataRequest' }>['data']): Promise<void> {
    const counts = this.#tally.countsOf(participantIdentity, 'received', 'data');
    const refuse = (reason: DropReason) => this.#around.answer({ kind: 'error', data: { error: new Error(`The data was dropped: ${reason}`), uuid } });
    this.#changed();
    if (participantIdentity === this.#own) {
      counts.drop('reflected');
      return refuse('reflected');
    }
    const result = await new DataOpener(this.#ring, participantIdentity, counts).open({ iv, payload, version: keyIndex }, this.#around.now());
    if (result.kind === 'dropped') return refuse(result.reason);
    this.#around.answer({ kind: 'decryptDataResponse', data: { uuid, payload: result.message } });
  }

  #observer(direction: 'sent' | 'received') {
    return {
      passed: () => this.#changed(),
      dropped: ({ participant }: Binding, reason: DropReason, detail: string) => {
        this.#changed();
        this.#askForEpoch(reason);
        if (!ordinary.has(reason)) this.#complain(participant, `${direction} ${reason}`, `A frame of ${participant} was dropped: ${detail}`);
      },
    };
  }

  #complain(participant: string, complaint: string, message: string): void {
    if (!this.#complaints.due(`${participant} ${complaint}`, this.#around.now())) return;
    this.#around.answer({ kind: 'error', data: { error: new Error(message), participantIdentity: participant } });
  }

  #askForEpoch(reason: DropReason): void {
    const epoch = this.#ring.sendingEpoch;
    if (reason !== 'exhausted' || epoch === this.#exhausted) return;
    this.#exhausted = epoch;
    this.#around.report({ kind: 'epochNeeded' });
  }

  #changed(): void {
    if (this.#reportDue) return;
    this.#reportDue = true;
    this.#around.later(REPORT_EVERY, () => {
      this.#reportDue = false;
      this.#around.report({ kind: 'traffic', traffic: this.#tally.traffic });
    });
  }
}
