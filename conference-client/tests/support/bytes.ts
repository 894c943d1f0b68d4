import type { Bytes } from '../../src/units.js';

export function fromHex(text: string): Bytes {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** Bytes that look like nothing and are the same in every run. */
export function pattern(length: number, seed = 1): Bytes {
  return Uint8Array.from({ length }, (_, index) => (index * 167 + seed * 59 + 13) & 0xff);
}

/** A copy with one bit turned over. */
export function flip(bytes: Bytes, bit: number): Bytes {
  const copy = bytes.slice();
  const index = bit >> 3;
  copy[index] = (copy[index] ?? 0) ^ (1 << (bit & 7));
  return copy;
}
