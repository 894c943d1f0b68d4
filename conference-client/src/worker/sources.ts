import type { TrackSource } from '../frames/source.js';
import type { Direction } from './control.js';

/** How many tracks are remembered; the oldest is forgotten for the newest. */
const REMEMBERED_TRACKS = 4096;

/**
 * What each track shows, as the page says. livekit-client does not tell its worker, and its message about a track may come before
 * the page's, so a pipeline can wait.
 */
export class TrackSources {
  readonly #sources = new Map<string, TrackSource>();
  readonly #waiting = new Map<string, { readonly promise: Promise<void>; resolve(): void }>();

  get(direction: Direction, participant: string, trackId: string): TrackSource | undefined {
    return this.#sources.get(keyOf(direction, participant, trackId));
  }

  /** Resolves when `get` may have an answer. */
  async told(direction: Direction, participant: string, trackId: string): Promise<void> {
    const key = keyOf(direction, participant, trackId);
    if (this.#sources.has(key)) return;
    let waiting = this.#waiting.get(key);
    if (!waiting) {
      let resolve: () => void = () => undefined;
      waiting = { promise: new Promise((told) => (resolve = told)), resolve: () => resolve() };
      this.#waiting.set(key, waiting);
    }
    await waiting.promise;
  }

  set(direction: Direction, participant: string, trackId: string, source: TrackSource): void {
    const key = keyOf(direction, participant, trackId);
    const [oldest] = this.#sources.keys();
    if (oldest !== undefined && this.#sources.size >= REMEMBERED_TRACKS) this.#sources.delete(oldest);
    this.#sources.set(key, source);
    this.release(direction, participant, trackId);
  }

  delete(direction: Direction, participant: string, trackId: string): void {
    this.#sources.delete(keyOf(direction, participant, trackId));
    this.release(direction, participant, trackId);
  }

  /** Lets a pipeline that waits look again. */
  release(direction: Direction, participant: string, trackId: string): void {
    const key = keyOf(direction, participant, trackId);
    this.#waiting.get(key)?.resolve();
    this.#waiting.delete(key);
  }
}

function keyOf(direction: Direction, participant: string, trackId: string): string {
  return JSON.stringify([direction, participant, trackId]);
}
