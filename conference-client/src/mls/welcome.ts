import { decodeMlsMessage, encodeMlsMessage, type KeyPackage } from 'ts-mls';
import { makeKeyPackageRef } from 'ts-mls/keyPackage.js';
import { bytesToHex } from 'nostr-tools/utils';
import { suite } from './suite.js';

/**
 * The part of a Welcome that one joiner needs. A Welcome has secrets for everybody who was added (RFC 9420 section 12.4.3.1), so with
 * many of them most of it is of no use to each.
 */
export async function welcomeFor(welcome: Uint8Array, joiner: KeyPackage): Promise<Uint8Array> {
  const message = decodeMlsMessage(welcome, 0)?.[0];
  if (message?.wireformat !== 'mls_welcome') throw new Error('This is no Welcome');
  const ref = bytesToHex(await makeKeyPackageRef(joiner, (await suite()).hash));
  const secrets = message.welcome.secrets.filter(({ newMember }) => bytesToHex(newMember) === ref);
  return encodeMlsMessage({ ...message, welcome: { ...message.welcome, secrets } });
}
