import { decodeMlsMessage, encodeMlsMessage, generateKeyPackageWithKey, type Capabilities, type CiphersuiteImpl, type KeyPackage, type LeafNode, type PrivateKeyPackage } from 'ts-mls';
import { verifyKeyPackage } from 'ts-mls/keyPackage.js';
import { verifyLeafNodeSignatureKeyPackage } from 'ts-mls/leafNode.js';
import { bytesToHex, hexToBytes } from 'nostr-tools/utils';
import { nostrPublicKey, seconds, type NostrPublicKey, type ParticipantId, type RoomId, type UnixSeconds } from '../units.js';
import { BANNED_EXTENSION } from './banned.js';
import { checkProof, decodeProof, encodeProof, PROOF_EXTENSION, signProof, type Proof } from './proof.js';
import { Refusal, refusing } from './refusal.js';
import type { NostrSigner } from './signer.js';
import { suite, SUITE_NAME } from './suite.js';

/** For how many seconds a member's proof is valid when nothing else is asked for: a day. It is renewed in time. */
export const PROOF_SECONDS = 24 * 3600;

const capabilities: Capabilities = {
  versions: ['mls10'],
  ciphersuites: [SUITE_NAME],
  extensions: [PROOF_EXTENSION, BANNED_EXTENSION],
  proposals: [],
  credentials: ['basic'],
};

// Whether a key package is still good is for the proof to say, by a clock that is passed in; ts-mls would ask the machine's.
const always = { notBefore: 0n, notAfter: 0xffff_ffff_ffff_ffffn };

/** Somebody who wants to become a member: a key package to hand out, and the private keys that belong to it. Good for one joining. */
export interface Candidate {
  readonly room: RoomId;
  readonly publicKey: NostrPublicKey;
  readonly keyPackage: KeyPackage;
  readonly privateKeys: PrivateKeyPackage;
}

/**
 * Makes new MLS keys and has the signer vouch for them.
 * @param participant Who the member is to the SFU, as the room API named it.
 * @param lifetime For how many seconds, 7 days at most.
 */
export async function makeCandidate(signer: NostrSigner, room: RoomId, participant: ParticipantId, now: UnixSeconds, lifetime = PROOF_SECONDS): Promise<Candidate> {
  const cs = await suite();
  const publicKey = nostrPublicKey(await signer.getPublicKey());
  const signatureKeys = await cs.signature.keygen();
  const proof = await signProof(signer, { room, publicKey, signatureKey: signatureKeys.publicKey }, participant, now, seconds(now + lifetime));
  const extensions = [{ extensionType: PROOF_EXTENSION, extensionData: encodeProof(proof) }];
  const credential = { credentialType: 'basic' as const, identity: hexToBytes(publicKey) };
  const made = await generateKeyPackageWithKey(credential, capabilities, always, [], signatureKeys, cs, extensions);
  return { room, publicKey, keyPackage: made.publicPackage, privateKeys: made.privatePackage };
}

/** A key package as it travels (RFC 9420 section 6: MLSMessage). */
export function encodeKeyPackage(keyPackage: KeyPackage): Uint8Array {
  return encodeMlsMessage({ version: 'mls10', wireformat: 'mls_key_package', keyPackage });
}

/** Reads a key package; undefined when it is none. Any bytes may be given; nothing is verified. */
export function decodeKeyPackage(bytes: Uint8Array): KeyPackage | undefined {
  try {
    const message = decodeMlsMessage(bytes, 0)?.[0];
    return message?.wireformat === 'mls_key_package' ? message.keyPackage : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Checks a key package in itself (RFC 9420 section 10.1), before ts-mls does it among others.
 * @throws Refusal when it is not genuine, or of another suite.
 */
export async function checkKeyPackage(keyPackage: KeyPackage, cs: CiphersuiteImpl): Promise<void> {
  const { leafNode } = keyPackage;
  if (keyPackage.version !== 'mls10' || keyPackage.cipherSuite !== cs.name) throw new Refusal('policy', 'another version or cipher suite');
  const { extensions, credentials } = leafNode.capabilities;
  if (!extensions.includes(PROOF_EXTENSION) || !extensions.includes(BANNED_EXTENSION) || !credentials.includes('basic')) throw new Refusal('policy', 'the client of the leaf does not know what a group carries');
  if (bytesToHex(keyPackage.initKey) === bytesToHex(leafNode.hpkePublicKey)) throw new Refusal('invalid', 'one key for two purposes');
  const genuine = await refusing(async () => (await verifyLeafNodeSignatureKeyPackage(leafNode, cs.signature)) && verifyKeyPackage(keyPackage, cs.signature));
  if (!genuine) throw new Refusal('invalid', 'the key package is not signed by its key');
}

/** Who a leaf says it is, and until when that is proven. */
export interface LeafIdentity {
  readonly publicKey: NostrPublicKey;
  readonly participant: ParticipantId;
  readonly expiresAt: UnixSeconds;
}

/** The Nostr key in a leaf's credential; undefined when the credential is of another form. Not verified. */
export function publicKeyOf(leaf: LeafNode): NostrPublicKey | undefined {
  const { credential } = leaf;
  return credential.credentialType === 'basic' && credential.identity.length === 32 ? nostrPublicKey(bytesToHex(credential.identity)) : undefined;
}

function proofOf(leaf: LeafNode): Proof | undefined {
  const found = leaf.extensions.filter((extension) => extension.extensionType === PROOF_EXTENSION);
  return found.length === 1 && found[0] ? decodeProof(found[0].extensionData) : undefined;
}

/** Checks who a leaf says it is. Every leaf that comes into the tree goes through this, at every member. */
export function identify(leaf: LeafNode, room: RoomId, now: UnixSeconds): LeafIdentity | 'expired' | 'wrong' {
  const publicKey = publicKeyOf(leaf);
  const proof = proofOf(leaf);
  if (!publicKey || !proof) return 'wrong';
  const verdict = checkProof(proof, { room, publicKey, signatureKey: leaf.signaturePublicKey }, now);
  return verdict === 'valid' ? { publicKey, participant: proof.participant, expiresAt: proof.expiresAt } : verdict;
}
