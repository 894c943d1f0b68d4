import { milliseconds, seconds, type Milliseconds, type UnixSeconds } from '../units.js';

/** Where time comes from. */
export interface Clock {
  /** A clock that never goes back. */
  monotonic(): Milliseconds;
  /** The calendar, as this device has it. */
  now(): UnixSeconds;
}

export const systemClock: Clock = {
  monotonic: () => milliseconds(performance.now()),
  now: () => seconds(Math.floor(Date.now() / 1000)),
};
