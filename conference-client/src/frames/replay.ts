/** How far behind the newest frame one may still arrive. */
export const REPLAY_WINDOW_FRAMES = 1024;

/** Remembers which of the newest 1024 counts of one cryptor instance were seen, as RFC 4303 section 3.4.3 does for packets. */
export class ReplayWindow {
  readonly #seen = new Uint32Array(REPLAY_WINDOW_FRAMES / 32);
  #newest = -1;

  /** Whether a frame may be worth opening. Changes nothing, so that what did not authenticate cannot move the window. */
  admits(count: number): boolean {
    if (count > this.#newest) return true;
    if (this.#newest - count >= REPLAY_WINDOW_FRAMES) return false;
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
    if (count - this.#newest >= REPLAY_WINDOW_FRAMES) {
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
