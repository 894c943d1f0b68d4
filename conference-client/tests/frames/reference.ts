import { createCipheriv } from 'node:crypto';
import type { TrackSource } from '../../src/frames/source.js';
import { pattern, toHex } from '../support/bytes.js';

/** One frame, and everything on the way to its sealed form; bytes in hex. */
export interface FrameVector {
  readonly name: string;
  readonly key: string;
  readonly epoch: number;
  readonly salt: string;
  readonly count: number;
  readonly source: TrackSource;
  readonly sourceByte: number;
  readonly codec: string;
  readonly keyFrame: boolean;
  readonly frame: string;
  readonly clearBytes: number;
  readonly header: string;
  readonly additionalData: string;
  readonly sealed: string;
}

interface Wanted {
  readonly name: string;
  readonly codec: string;
  readonly keyFrame: boolean;
  readonly length: number;
  readonly source: TrackSource;
  readonly sourceByte: number;
  readonly clearBytes: number;
  readonly epoch: number;
  readonly count: number;
}

const wanted: readonly Wanted[] = [
  { name: 'VP8 key frame', codec: 'vp8', keyFrame: true, length: 48, source: 'camera', sourceByte: 1, clearBytes: 10, epoch: 1, count: 0 },
  { name: 'VP8 frame', codec: 'vp8', keyFrame: false, length: 33, source: 'camera', sourceByte: 1, clearBytes: 1, epoch: 1, count: 1 },
  { name: 'VP8 key frame of nothing but clear bytes', codec: 'vp8', keyFrame: true, length: 10, source: 'screen_share', sourceByte: 3, clearBytes: 10, epoch: 2, count: 65_536 },
  { name: 'VP9 key frame', codec: 'vp9', keyFrame: true, length: 64, source: 'screen_share', sourceByte: 3, clearBytes: 0, epoch: 4_294_967_295, count: 4_294_967_295 },
  { name: 'Opus', codec: 'opus', keyFrame: true, length: 20, source: 'microphone', sourceByte: 2, clearBytes: 0, epoch: 7, count: 258 },
  { name: 'Opus, empty', codec: 'opus', keyFrame: true, length: 0, source: 'screen_share_audio', sourceByte: 4, clearBytes: 0, epoch: 7, count: 259 },
  { name: 'Opus of a track without a source', codec: 'opus', keyFrame: true, length: 3, source: 'unknown', sourceByte: 0, clearBytes: 0, epoch: 8, count: 0 },
];

/** The vectors, made from the page that describes the format and by another implementation of AES-GCM than the client's. */
export function referenceVectors(): FrameVector[] {
  return wanted.map(({ length, ...entry }, index) => {
    const key = pattern(32, index + 100);
    const frame = pattern(length, index);
    const salt = pattern(4, index + 200);
    const numbers = Buffer.alloc(8);
    numbers.writeUInt32BE(entry.epoch, 0);
    numbers.writeUInt32BE(entry.count, 4);
    const header = Buffer.concat([numbers.subarray(0, 4), salt, numbers.subarray(4)]);
    const clear = frame.subarray(0, entry.clearBytes);
    const additional = Buffer.concat([Buffer.from('buildit-frame-v1'), header, Buffer.from([entry.clearBytes, 1, entry.sourceByte]), clear]);
    const cipher = createCipheriv('aes-256-gcm', key, header).setAAD(additional);
    const ciphertext = Buffer.concat([cipher.update(frame.subarray(entry.clearBytes)), cipher.final(), cipher.getAuthTag()]);
    const sealed = Buffer.concat([clear, header, ciphertext, Buffer.from([entry.clearBytes, 1])]);
    return {
      ...entry,
      key: toHex(key),
      salt: toHex(salt),
      frame: toHex(frame),
      header: toHex(header),
      additionalData: toHex(additional),
      sealed: toHex(sealed),
    };
  });
}
