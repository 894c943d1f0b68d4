import type { Bytes, Epoch } from '../units.js';
import { sourceByte, type TrackSource } from './source.js';

// Version 1: [n clear bytes][epoch u32 | salt u32 | count u32][ciphertext | tag][n][version], numbers big-endian.

export const FRAME_VERSION = 1;

/** Bytes of the header, which is also the IV (NIST SP 800-38D section 8.2.1: the deterministic construction, 96 bits). */
export const HEADER_BYTES = 12;

/** Bytes of the AES-GCM tag. */
export const TAG_BYTES = 16;

/** Bytes after the tag: n and the version. */
export const TRAILER_BYTES = 2;

/** How many bytes a sealed frame is longer than its frame. */
export const OVERHEAD_BYTES = HEADER_BYTES + TAG_BYTES + TRAILER_BYTES;

const label = new TextEncoder().encode('buildit-frame-v1');

/** What one header says. */
export interface FrameHeader {
  readonly epoch: Epoch;
  /** The four random bytes of the sender's cryptor instance, as a number. */
  readonly salt: number;
  /** Frames that this instance sealed before this one in this epoch. */
  readonly count: number;
}

/** A sealed frame in its parts, which share its memory. Nothing of it has been authenticated. */
export interface SealedParts {
  readonly clear: Bytes;
  readonly header: FrameHeader;
  readonly iv: Bytes;
  /** Ciphertext and tag. */
  readonly ciphertext: Bytes;
}

export function writeHeader({ epoch, salt, count }: FrameHeader): Bytes {
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, epoch);
  view.setUint32(4, salt);
  view.setUint32(8, count);
  return bytes;
}

/** What a header of 12 bytes says. */
export function readHeader(bytes: Bytes): FrameHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  return { epoch: view.getUint32(0) as Epoch, salt: view.getUint32(4), count: view.getUint32(8) };
}

/** The additional authenticated data. Nothing that an SFU rewrites (RTP header, payload descriptors) takes part. */
export function additionalData(header: Bytes, source: TrackSource, clear: Bytes): Bytes {
  const bytes = new Uint8Array(label.length + HEADER_BYTES + 3 + clear.length);
  bytes.set(label);
  bytes.set(header, label.length);
  bytes.set([clear.length, FRAME_VERSION, sourceByte(source)], label.length + HEADER_BYTES);
  bytes.set(clear, label.length + HEADER_BYTES + 3);
  return bytes;
}

/** Puts a sealed frame together. */
export function joinParts(clear: Bytes, header: Bytes, ciphertext: Bytes): Bytes {
  const bytes = new Uint8Array(clear.length + HEADER_BYTES + ciphertext.length + TRAILER_BYTES);
  bytes.set(clear);
  bytes.set(header, clear.length);
  bytes.set(ciphertext, clear.length + HEADER_BYTES);
  bytes.set([clear.length, FRAME_VERSION], bytes.length - TRAILER_BYTES);
  return bytes;
}

/** Takes a sealed frame apart, or says what makes it none. Any bytes may be given. */
export function splitParts(frame: Bytes): SealedParts | 'version' | 'malformed' {
  if (frame.length < OVERHEAD_BYTES) return 'malformed';
  if (frame[frame.length - 1] !== FRAME_VERSION) return 'version';
  const n = frame[frame.length - 2] ?? 0;
  // The counts that clearByteCount knows; others were never sealed by anybody.
  if ((n !== 0 && n !== 1 && n !== 10) || frame.length < OVERHEAD_BYTES + n) return 'malformed';
  const iv = frame.subarray(n, n + HEADER_BYTES);
  return {
    clear: frame.subarray(0, n),
    header: readHeader(iv),
    iv,
    ciphertext: frame.subarray(n + HEADER_BYTES, frame.length - TRAILER_BYTES),
  };
}
