import type { FrameOpener } from '../frames/opener.js';
import type { TrackSource } from '../frames/source.js';
import type { Milliseconds } from '../units.js';
import type { EncodedMedia } from './livekit.js';
import { Pipe, type Binding, type PipeObserver } from './pipe.js';
import type { TrackSources } from './sources.js';

/** What an opening pipeline needs from around it. */
export interface OpeningDependencies {
  readonly sources: TrackSources;
  readonly observer: PipeObserver;
  now(): Milliseconds;
  makeOpener(participant: string, source: TrackSource): FrameOpener;
}

/** Opens the frames of a subscribed track with the key of the participant whose track it is said to be. */
export class OpeningPipe extends Pipe<FrameOpener> {
  readonly #around: OpeningDependencies;
  #interrupted = false;

  constructor(binding: Binding, around: OpeningDependencies, ended: () => void) {
    super('received', around.sources, binding, ended);
    this.#around = around;
  }

  protected override async pass(frame: EncodedMedia): Promise<boolean> {
    const opener = await this.cryptor();
    const { binding } = this;
    if (!opener || !binding) return false;
    const result = await opener.open(new Uint8Array(frame.data), this.#around.now());
    if (result.kind === 'dropped') {
      this.#interrupted = true;
      this.#around.observer.dropped(binding, result.reason, result.reason);
      return false;
    }
    // It opened for whom it came from then; the receiver may be somebody else's by now.
    if (this.binding !== binding) return false;
    frame.data = result.data.buffer;
    this.#around.observer.passed();
    this.#resume(frame);
    return true;
  }

  /** After frames that could not be opened the decoder lacks what the next ones build on: the sooner it is asked for the better. */
  #resume(frame: EncodedMedia): void {
    if (this.#interrupted && frame.type === 'delta') this.transformer?.sendKeyFrameRequest().catch(() => undefined);
    this.#interrupted = false;
  }

  protected override makeCryptor(participant: string, source: TrackSource): FrameOpener {
    return this.#around.makeOpener(participant, source);
  }
}
