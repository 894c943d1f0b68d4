/** How far behind the newest frame one may still arrive. */
export const REPLAY_WINDOW_FRAMES = 1024;

/**
 * How far behind the newest data message one may still arrive. More than for frames: reliable messages that were under way when a
 * connection broke come after it is back, and those that are not reliable have counted on meanwhile.
 */
export const REPLAY_WINDOW_MESSAGES = 16_384;

/** Remembers which of the newest counts of one cryptor instance were seen, as RFC 4303 section 3.4.3 does for packets. */
export class ReplayWindow {
  readonly #seen: Uint32Array;
  readonly #size: number;
  #newest = -1;

  /** @param size How many counts are remembered: a multiple of 32. */
  constructor(size = REPLAY_WINDOW_FRAMES) {
    this.#seen = new Uint32Array(size / 32);
    this.#size = size;
  }

  /** Whether a frame may be worth opening. Changes nothing, so that what did not authenticate cannot move the window. */
  admits(count: number): boolean {
    if (count > this.#newest) return true;
    if (this.#newest - count >= this.#size) return false;
    return ((this.#word(count) >>> (count % 32)) & 1) === 0;
  }

  /** Remembers a frame that authenticated. False when it was seen before or is too old. */
  accept(count: number): boolean {
    if (!this.admits(count)) return false;
    if (count > this.#newest) this.#advanceTo(count);
    const index = this.#index(count);
    this.#seen[index] = (this.#seen[index] ?? 0) | (1 << (count % 32));
    return true;
  }

  #advanceTo(count: number) {
    if (count - this.#newest >= this.#size) {
      this.#seen.fill(0);
    } else {
      for (let passed = this.#newest + 1; passed <= count; passed++) {
        const index = this.#index(passed);
        this.#seen[index] = (this.#seen[index] ?? 0) & ~(1 << (passed % 32));
      }
    }
    this.#newest = count;
  }

  #index(count: number): number {
    return Math.floor(count / 32) % this.#seen.length;
  }

  #word(count: number): number {
    return this.#seen[this.#index(count)] ?? 0;
  }
}

/** How many windows one sender has in one epoch, and how long each is. */
export interface WindowLimits {
  readonly instances: number;
  readonly size: number;
}

/** An instance for each track that was published. */
export const FRAME_WINDOWS: WindowLimits = { instances: 256, size: REPLAY_WINDOW_FRAMES };

/** One instance for a page, and another after the group started anew. */
export const DATA_WINDOWS: WindowLimits = { instances: 16, size: REPLAY_WINDOW_MESSAGES };

/** The windows of all cryptor instances of one sender in one epoch. */
export class ReplayWindows {
  readonly #limits: WindowLimits;
  readonly #windows = new Map<number, ReplayWindow>();

  constructor(limits: WindowLimits) {
    this.#limits = limits;
  }

  /** Whether something may be worth opening, or why not. Changes nothing. */
  admits(salt: number, count: number): true | 'instances' | 'replay' {
    const window = this.#windows.get(salt);
    if (window) return window.admits(count) || 'replay';
    return this.#windows.size < this.#limits.instances || 'instances';
  }

  /** Remembers what authenticated; false when it is a replay, or of one instance too many. */
  accept(salt: number, count: number): boolean {
    let window = this.#windows.get(salt);
    if (!window) {
      if (this.#windows.size >= this.#limits.instances) return false;
      window = new ReplayWindow(this.#limits.size);
      this.#windows.set(salt, window);
    }
    return window.accept(count);
  }
}
