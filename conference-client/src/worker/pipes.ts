import type { OpeningPipe } from './opening-pipe.js';
import type { SealingPipe } from './sealing-pipe.js';

/** How many pipelines without a track are kept for a receiver that is used again. */
const IDLE_PIPES = 256;

/** The pipelines of one room. */
export class Pipes {
  readonly sealing = new Set<SealingPipe>();
  readonly #opening = new Set<OpeningPipe>();

  addOpening(pipe: OpeningPipe): void {
    this.#opening.add(pipe);
    const idle = [...this.#opening].filter((kept) => kept.binding === undefined);
    for (const oldest of idle.slice(0, Math.max(0, idle.length - IDLE_PIPES))) this.#opening.delete(oldest);
  }

  /** Keeps a pipeline that ended only for as long as its receiver may get another track. */
  openingEnded(pipe: OpeningPipe): void {
    if (pipe.transformer || pipe.binding === undefined) this.#opening.delete(pipe);
  }

  /** The pipelines of a track that is received, with those that kept its id when it ended. */
  opening(trackId: string): readonly OpeningPipe[] {
    return [...this.#opening].filter((pipe) => pipe.trackId === trackId);
  }

  /** Forgets all cryptors. */
  renew(): void {
    for (const pipe of this.sealing) pipe.renew();
    for (const pipe of this.#opening) pipe.renew();
  }
}
