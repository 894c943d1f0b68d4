import { createCipheriv } from 'node:crypto';
import { pattern, toHex } from '../support/bytes.js';

/** One data message, and its sealed form; bytes in hex. */
export interface DataVector {
  readonly name: string;
  readonly key: string;
  readonly epoch: number;
  readonly salt: string;
  readonly count: number;
  readonly message: string;
  readonly header: string;
  readonly additionalData: string;
  readonly sealed: string;
  readonly version: number;
}

const wanted = [
  { name: 'A message', length: 40, epoch: 1, count: 0 },
  { name: 'An empty message', length: 0, epoch: 1, count: 1 },
  { name: 'The last message of the last epoch', length: 15_000, epoch: 4_294_967_295, count: 4_294_967_295 },
] as const;

/** The vectors, made from the page that describes the format and by another implementation of AES-GCM than the client's. */
export function referenceVectors(): DataVector[] {
  return wanted.map(({ name, length, epoch, count }, index) => {
    const key = pattern(32, index + 300);
    const salt = pattern(4, index + 400);
    const message = pattern(length, index + 500);
    const numbers = Buffer.alloc(8);
    numbers.writeUInt32BE(epoch, 0);
    numbers.writeUInt32BE(count, 4);
    const header = Buffer.concat([numbers.subarray(0, 4), salt, numbers.subarray(4)]);
    const additional = Buffer.concat([Buffer.from('buildit-data-v1'), header]);
    const cipher = createCipheriv('aes-256-gcm', key, header).setAAD(additional);
    const sealed = Buffer.concat([cipher.update(message), cipher.final(), cipher.getAuthTag()]);
    return {
      name, epoch, count, version: 1,
      key: toHex(key), salt: toHex(salt), message: toHex(message), header: toHex(header), additionalData: toHex(additional), sealed: toHex(sealed),
    };
  });
}
