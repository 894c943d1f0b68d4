import type { Bytes } from '../units.js';
import type { DropReason } from '../frames/drops.js';

/** The version of the format of data messages; livekit-client carries it as the key's index. */
export const DATA_VERSION = 1;

const label = new TextEncoder().encode('buildit-data-v1');

/** A sealed data message, in the parts that livekit.EncryptedPacket has for it. */
export interface SealedMessage {
  /** Epoch, salt and count, as in the header of a frame. */
  readonly iv: Bytes;
  /** Ciphertext and tag. */
  readonly payload: Bytes;
  readonly version: number;
}

/** A message in clear or sealed, or why there is none. */
export type MessageResult<T> = { readonly kind: 'message'; readonly message: T } | { readonly kind: 'dropped'; readonly reason: DropReason };

/** What AES-GCM is told about a message. The label is not that of frames, so that neither passes for the other. */
export function messageAlgorithm(iv: Bytes): AesGcmParams {
  const additionalData = new Uint8Array(label.length + iv.length);
  additionalData.set(label);
  additionalData.set(iv, label.length);
  return { name: 'AES-GCM', iv, additionalData };
}
