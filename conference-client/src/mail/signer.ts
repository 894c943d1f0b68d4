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

/**
 * A signer that holds a raw key, for keys that an application makes itself.
 * @param secretKey 32 bytes; kept, not copied.
 */
export function keySigner(secretKey: Uint8Array): ConferenceSigner {
  const publicKey = getPublicKey(secretKey);
  return {
    getPublicKey: () => Promise.resolve(publicKey),
    signEvent: (event) => Promise.resolve(finalizeEvent(event, secretKey)),
    nip44: {
      encrypt: (other, text) => Promise.resolve(encrypt(text, getConversationKey(secretKey, other))),
      decrypt: (other, text) => Promise.resolve(decrypt(text, getConversationKey(secretKey, other))),
    },
  };
}
