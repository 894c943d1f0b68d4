import { getCiphersuiteFromName, getCiphersuiteImpl, type CiphersuiteImpl } from 'ts-mls';

/** The one cipher suite of a conference (RFC 9420 section 17.1, suite 1). */
export const SUITE_NAME = 'MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519';

let made: Promise<CiphersuiteImpl> | undefined;

export function suite(): Promise<CiphersuiteImpl> {
  return (made ??= getCiphersuiteImpl(getCiphersuiteFromName(SUITE_NAME)));
}
