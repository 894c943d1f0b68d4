import { expand, extract } from '@noble/hashes/hkdf.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { getCiphersuiteFromName, getCiphersuiteImpl, type CiphersuiteImpl } from 'ts-mls';

/** The one cipher suite of a conference (RFC 9420 section 17.1, suite 1). */
export const SUITE_NAME = 'MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519';

let made: Promise<CiphersuiteImpl> | undefined;

export function suite(): Promise<CiphersuiteImpl> {
  return (made ??= getCiphersuiteImpl(getCiphersuiteFromName(SUITE_NAME)).then((standard) => ({ ...standard, hash, kdf })));
}

// An epoch of a large group takes thousands of hashes of a few bytes each. For these the way to WebCrypto and back takes most of the
// time, so they are made here; keys that encrypt and sign stay with WebCrypto.

const hash: CiphersuiteImpl['hash'] = {
  digest: (data) => Promise.resolve(sha256(data)),
  mac: (key, data) => Promise.resolve(hmac(sha256, key, data)),
  verifyMac: (key, mac, data) => Promise.resolve(isSame(hmac(sha256, key, data), mac)),
};

const kdf: CiphersuiteImpl['kdf'] = {
  extract: (salt, material) => Promise.resolve(extract(sha256, material, salt)),
  expand: (key, info, length) => Promise.resolve(expand(sha256, key, info, length)),
  size: sha256.outputLen,
};

/** Takes as long for any two of the same length. */
function isSame(one: Uint8Array, other: Uint8Array): boolean {
  let different = one.length ^ other.length;
  for (let index = 0; index < one.length; index++) different |= (one[index] ?? 0) ^ (other[index] ?? 0);
  return different === 0;
}
