/**
 * Why a frame was neither sent nor played.
 * - noKey: there is no key to send with, or the sender has none in that epoch (it is not in the roster).
 * - unknownEpoch: the epoch has not begun here, or its keys were erased.
 * - badTag: it did not authenticate: changed, of another sender or source, or made without the key.
 * - replay: it was opened before, or is older than the window remembers.
 * - instances: one sender used more cryptor instances in one epoch than are remembered.
 * - malformed, version: it is not a frame of this format.
 * - codec: the codec is none of version 1.
 * - exhausted: the counter is used up; a new epoch is needed.
 * - reflected: it was one's own and came back.
 * - cleartext: data that was not encrypted at all.
 */
export type DropReason =
  'noKey' | 'unknownEpoch' | 'badTag' | 'replay' | 'instances' | 'malformed' | 'version' | 'codec' | 'exhausted' | 'reflected' | 'cleartext';

/** Counts what happened to the frames of a track. */
export class FrameCounts {
  readonly #dropped = new Map<DropReason, number>();
  #passed = 0;

  /** Frames that were sealed or opened. */
  get passed(): number {
    return this.#passed;
  }

  /** Frames that were dropped, for whatever reason. */
  get dropped(): number {
    let sum = 0;
    for (const count of this.#dropped.values()) sum += count;
    return sum;
  }

  /** How many were dropped for each reason there was. */
  get reasons(): Readonly<Partial<Record<DropReason, number>>> {
    return Object.fromEntries(this.#dropped);
  }

  droppedFor(reason: DropReason): number {
    return this.#dropped.get(reason) ?? 0;
  }

  pass(): void {
    this.#passed++;
  }

  drop(reason: DropReason): void {
    this.#dropped.set(reason, this.droppedFor(reason) + 1);
  }
}

/** A frame, or why there is none. */
export type FrameResult = { readonly kind: 'frame'; readonly data: Uint8Array<ArrayBuffer> } | { readonly kind: 'dropped'; readonly reason: DropReason };
