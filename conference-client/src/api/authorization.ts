import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from 'nostr-tools/utils';
import { base64, utf8 } from '../bytes.js';
import type { NostrSigner } from '../mls/signer.js';
import type { UnixSeconds } from '../units.js';

/** The kind of an event that signs a request (NIP-98). */
const HTTP_AUTH = 27_235;

/**
 * The header that signs one request (NIP-98). Good for a minute and for one use.
 * @param url Absolute, with its query.
 */
export async function authorize(signer: NostrSigner, method: string, url: string, body: string | undefined, now: UnixSeconds): Promise<string> {
  // Two equal requests in one second would be one event, which counts once.
  const tags = [['u', url], ['method', method], ['nonce', bytesToHex(crypto.getRandomValues(new Uint8Array(8)))]];
  if (body !== undefined) tags.push(['payload', bytesToHex(sha256(utf8(body)))]);
  const signed = await signer.signEvent({ kind: HTTP_AUTH, created_at: now, tags, content: '' });
  return `Nostr ${base64.encode(utf8(JSON.stringify(signed)))}`;
}
