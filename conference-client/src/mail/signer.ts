import { decrypt, encrypt, getConversationKey } from 'nostr-tools/nip44';
import { finalizeEvent, getPublicKey } from 'nostr-tools/pure';
import type { NostrSigner } from '../mls/signer.js';

/** A signer that also encrypts: window.nostr of a browser extension (NIP-07 with nip44), or `keySigner` of a raw key. */
export interface ConferenceSigner extends NostrSigner {
  readonly nip44: {
    encrypt(publicKey: string, text: string): Promise<string>;
    decrypt(publicKey: string, text: string): Promise<string>;
  };
}

/** How many people a signer remembers the shared secret with. */
const REMEMBERED = 1024;

/**
 * A signer that holds a raw key, for keys that an application makes itself.
 * @param secretKey 32 bytes; kept, not copied.
 */
export function keySigner(secretKey: Uint8Array): ConferenceSigner {
  const publicKey = getPublicKey(secretKey);
  // Who is written to is written to again, and answers; the secret shared with them takes longer than all the rest of a letter. Gift wraps
  // come from keys that are used once, so nothing is kept for whom this signer only reads.
  const shared = new Map<string, Uint8Array>();
  const conversation = (other: string): Uint8Array => {
    const known = shared.get(other);
    if (known) return known;
    if (shared.size >= REMEMBERED) shared.clear();
    const key = getConversationKey(secretKey, other);
    shared.set(other, key);
    return key;
  };
  return {
    getPublicKey: () => Promise.resolve(publicKey),
    signEvent: (event) => Promise.resolve(finalizeEvent(event, secretKey)),
    nip44: {
      encrypt: (other, text) => Promise.resolve(encrypt(text, conversation(other))),
      decrypt: (other, text) => Promise.resolve(decrypt(text, shared.get(other) ?? getConversationKey(secretKey, other))),
    },
  };
}
