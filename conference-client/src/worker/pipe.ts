import type { DropReason } from '../frames/drops.js';
import type { TrackSource } from '../frames/source.js';
import type { Direction } from './control.js';
import type { EncodedMedia, ScriptTransformer } from './livekit.js';
import type { TrackSources } from './sources.js';

/** Where frames come from and go to. */
export interface Streams {
  readonly readable: ReadableStream<EncodedMedia>;
  readonly writable: WritableStream<EncodedMedia>;
  /** Only where the browser has RTCRtpScriptTransform. */
  readonly transformer?: Pick<ScriptTransformer, 'generateKeyFrame' | 'sendKeyFrameRequest'>;
}

/** Whose track a pipeline carries. */
export interface Binding {
  readonly participant: string;
  readonly trackId: string;
}

/** Seals or opens the frames of one sender or receiver, one after the other. Whatever does not pass is dropped. */
export abstract class Pipe<Cryptor> {
  readonly #direction: Direction;
  readonly #sources: TrackSources;
  #cryptor: Cryptor | undefined;
  #binding: Binding | undefined;
  #streams: Streams | undefined;
  #running = false;
  #video = false;
  #trackId: string;
  readonly #ended: () => void;

  protected constructor(direction: Direction, sources: TrackSources, binding: Binding, ended: () => void) {
    this.#direction = direction;
    this.#sources = sources;
    this.#binding = binding;
    this.#trackId = binding.trackId;
    this.#ended = ended;
  }

  /** Undefined when the track has ended: then everything is dropped. */
  get binding(): Binding | undefined {
    return this.#binding;
  }

  /** The track that it carries, or carried last. */
  get trackId(): string {
    return this.#trackId;
  }

  /** Whether its frames are known to be video. */
  get video(): boolean {
    return this.#video;
  }

  get transformer(): Streams['transformer'] {
    return this.#streams?.transformer;
  }

  /** Carries another track from now on, or none: a browser uses a receiver again. */
  bind(binding: Binding | undefined): void {
    this.#binding = binding;
    this.#trackId = binding?.trackId ?? this.#trackId;
    this.renew();
  }

  run(streams: Streams): void {
    this.#streams = streams;
    this.#running = true;
    const transform = new TransformStream<EncodedMedia, EncodedMedia>({
      transform: async (frame, controller) => {
        this.#video ||= frame.type !== undefined;
        if (await this.pass(frame)) controller.enqueue(frame);
      },
    });
    void this.#pump(streams, transform);
  }

  /** Runs again with the streams of before, which a page hands over only once. */
  revive(): void {
    if (!this.#running && this.#streams) this.run(this.#streams);
  }

  /** Forgets the cryptor: the next frame gets a new one. */
  renew(): void {
    this.#cryptor = undefined;
  }

  /** The cryptor of the track that it carries. Waits until the page has said what the track shows; undefined when the track has ended. */
  protected async cryptor(): Promise<Cryptor | undefined> {
    while (!this.#cryptor && this.binding) {
      const { participant, trackId } = this.binding;
      await this.#sources.told(this.#direction, participant, trackId);
      const source = this.#sources.get(this.#direction, participant, trackId);
      // The binding may have changed while this waited.
      if (source !== undefined && this.binding?.participant === participant && this.binding.trackId === trackId) this.#cryptor ??= this.makeCryptor(participant, source);
    }
    return this.#cryptor;
  }

  /** A new instance, for a track of this participant that shows this. */
  protected abstract makeCryptor(participant: string, source: TrackSource): Cryptor;

  /** Changes the frame to what may go on, or returns false. Throws nothing. */
  protected abstract pass(frame: EncodedMedia): Promise<boolean>;

  async #pump({ readable, writable }: Streams, transform: TransformStream<EncodedMedia, EncodedMedia>): Promise<void> {
    try {
      await readable.pipeThrough(transform).pipeTo(writable);
    } catch {
      // The sender or receiver was stopped. Nothing passes any more, and the browser starts the next pipeline itself.
    } finally {
      this.#running = false;
      this.#ended();
    }
  }
}

/** Told of what a pipeline did, once for each frame. */
export interface PipeObserver {
  passed(): void;
  dropped(binding: Binding, reason: DropReason, detail: string): void;
}
