import { isAllowedCodec } from '../frames/codec.js';
import type { FrameSealer } from '../frames/sealer.js';
import type { TrackSource } from '../frames/source.js';
import type { Milliseconds } from '../units.js';
import type { EncodedMedia } from './livekit.js';
import { Pipe, type Binding, type PipeObserver } from './pipe.js';
import type { TrackSources } from './sources.js';

/** What a sealing pipeline needs from around it. */
export interface SealingDependencies {
  readonly sources: TrackSources;
  readonly observer: PipeObserver;
  now(): Milliseconds;
  /** A new cryptor instance. */
  makeSealer(source: TrackSource): FrameSealer;
  /** The codec of an RTP payload type, as the session description has it. */
  codecOf(payloadType: number): string | undefined;
}

/** Seals the frames of a published track. */
export class SealingPipe extends Pipe<FrameSealer> {
  readonly #around: SealingDependencies;
  #codec: string | undefined;

  /** @param codec What the track is said to be encoded with; only for a browser whose frames do not say. */
  constructor(binding: Binding, codec: string | undefined, around: SealingDependencies, ended: () => void) {
    super('sent', around.sources, binding, ended);
    this.#around = around;
    this.#codec = codec;
  }

  setCodec(codec: string | undefined): void {
    this.#codec = codec ?? this.#codec;
  }

  protected override async pass(frame: EncodedMedia): Promise<boolean> {
    const sealer = await this.cryptor();
    const { binding } = this;
    if (!sealer || !binding) return false;
    const codec = this.#codecOf(frame);
    const result = await sealer.seal({ data: new Uint8Array(frame.data), codec, keyFrame: frame.type === 'key' }, this.#around.now());
    if (result.kind === 'dropped') {
      const detail = isAllowedCodec(codec) ? result.reason : `${codec || 'an unknown codec'} is not sent: frames are sealed for Opus, VP8 and VP9. Publish with one of them`;
      this.#around.observer.dropped(binding, result.reason, detail);
      return false;
    }
    frame.data = result.data.buffer;
    this.#around.observer.passed();
    return true;
  }

  protected override makeCryptor(_participant: string, source: TrackSource): FrameSealer {
    return this.#around.makeSealer(source);
  }

  #codecOf(frame: EncodedMedia): string {
    const { mimeType, payloadType } = frame.getMetadata();
    const named = mimeType?.split('/')[1] ?? (payloadType === undefined ? undefined : this.#around.codecOf(payloadType)) ?? this.#codec;
    // Browsers that name no codec of sound have none but Opus to send here: livekit-client switches RED off with encryption.
    return named?.toLowerCase() ?? (frame.type === undefined ? 'opus' : '');
  }
}
