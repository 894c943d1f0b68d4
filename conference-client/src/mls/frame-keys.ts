import { mlsExporter, type CiphersuiteImpl } from 'ts-mls';
import { hexToBytes } from 'nostr-tools/utils';
import { sha512 } from '@noble/hashes/sha2.js';
import type { Bytes, LeafIndex, NostrPublicKey } from '../units.js';

/** The exporter label (RFC 9420 section 8.5) of frame keys. */
export const FRAME_KEY_LABEL = 'buildit-frame-encryption';

/** What makes a frame key the key of one sender: its leaf index as u32 big-endian, and its Nostr key. */
export function frameKeyContext(leaf: LeafIndex, publicKey: NostrPublicKey): Bytes {
  const context = new Uint8Array(36);
  new DataView(context.buffer).setUint32(0, leaf);
  context.set(hexToBytes(publicKey), 4);
  return context;
}

/** The 32 bytes with which a sender's frames are sealed in the epoch of the exporter secret. */
export async function deriveFrameKey(exporterSecret: Uint8Array, leaf: LeafIndex, publicKey: NostrPublicKey, cs: CiphersuiteImpl): Promise<Bytes> {
  return Uint8Array.from(await mlsExporter(exporterSecret, FRAME_KEY_LABEL, frameKeyContext(leaf, publicKey), 32, cs));
}

const safetyLabel = new TextEncoder().encode('buildit-safety-number');

/**
 * What members compare by voice: eight groups of five digits. It comes from the epoch authenticator (RFC 9420 section 8.7), so two
 * members have the same number only when they are in the same epoch of the same group with the same roster. 40 digits, because
 * somebody who sits in two groups at once could search for two that agree in fewer.
 */
export function safetyNumber(epochAuthenticator: Uint8Array): string {
  const hash = sha512(Uint8Array.from([...safetyLabel, ...epochAuthenticator]));
  const view = new DataView(hash.buffer, hash.byteOffset, hash.byteLength);
  const groups = Array.from({ length: 8 }, (_, index) => view.getBigUint64(index * 8) % 100_000n);
  return groups.map((group) => String(group).padStart(5, '0')).join(' ');
}
