import { getEventHash, verifyEvent } from 'nostr-tools/pure';
import { bytesToHex, hexToBytes } from 'nostr-tools/utils';
import { base64url } from '../bytes.js';
import { type Bytes, type NostrPublicKey, type ParticipantId, participantId, type RoomId, seconds, type UnixSeconds } from '../units.js';
import type { EventTemplate, NostrSigner, SignedEvent } from './signer.js';

// A member proves that its Nostr key stands behind its MLS signature key, and says which participant of the room's SFU it is: a
// BIP-340 signature over room, participant, key and expiry. It is
// the signature of a Nostr event, because that is all that a NIP-07 signer signs. The event itself is never published; who
// checks it puts it together again.

/** The kind of that event: of the ephemeral range (NIP-01), which no relay keeps. */
export const PROOF_KIND = 29_420;

/** The leaf node extension that carries it: of the private range (RFC 9420 section 17.3). */
export const PROOF_EXTENSION = 0xfb01;

/** How long a proof may be valid at most: 7 days. */
export const LONGEST_PROOF = 7 * 24 * 3600;

/**
 * How far the clocks of members may be apart: 10 minutes. Who adds a member wants this much left, and who checks it forgives
 * as much, so that members whose clocks differ come to the same answer.
 */
export const CLOCK_TOLERANCE = 600;

const VERSION = 1;
const PARTICIPANT_BYTES = 16;
const PROOF_BYTES = 1 + PARTICIPANT_BYTES + 8 + 8 + 64;

/** What a leaf says about its proof. Nothing of it is verified. */
export interface Proof {
  /** Who the member says it is to the SFU. */
  readonly participant: ParticipantId;
  readonly createdAt: UnixSeconds;
  readonly expiresAt: UnixSeconds;
  /** 64 bytes, BIP-340. */
  readonly signature: Bytes;
}

/** What a proof is about. */
export interface ProofSubject {
  readonly room: RoomId;
  readonly publicKey: NostrPublicKey;
  /** The Ed25519 key of the MLS leaf. */
  readonly signatureKey: Uint8Array;
}

function template({ room, signatureKey }: ProofSubject, { participant, createdAt, expiresAt }: Omit<Proof, 'signature'>): EventTemplate {
  const tags = [['room', room], ['participant', participant], ['key', bytesToHex(signatureKey)], ['expiration', String(expiresAt)]];
  return { kind: PROOF_KIND, created_at: createdAt, tags, content: '' };
}

/**
 * Asks the signer for a proof.
 * @throws RangeError when the time asked for is longer than 7 days, or the participant's id is none.
 * @throws Error when the signer answers with a signature that is not of this event and key.
 */
export async function signProof(signer: NostrSigner, subject: ProofSubject, participant: ParticipantId, createdAt: UnixSeconds, expiresAt: UnixSeconds): Promise<Proof> {
  if (base64url.decode(participant)?.length !== PARTICIPANT_BYTES) throw new RangeError('A participant id has 16 bytes in base64url');
  if (expiresAt <= createdAt || expiresAt - createdAt > LONGEST_PROOF) throw new RangeError('A proof is valid for 7 days at most');
  const { sig } = await signer.signEvent(template(subject, { participant, createdAt, expiresAt }));
  const proof = { participant, createdAt, expiresAt, signature: /^[0-9a-f]{128}$/.test(sig) ? Uint8Array.from(hexToBytes(sig)) : new Uint8Array(64) };
  if (checkProof(proof, subject, createdAt) !== 'valid') throw new Error('The signer did not sign what it was asked to');
  return proof;
}

/** What became of a proof: wrong is also what belongs to another room, key or member. */
export type ProofVerdict = 'valid' | 'expired' | 'wrong';

/** Checks a proof by the clock of whoever checks, with 10 minutes of tolerance. */
export function checkProof(proof: Proof, subject: ProofSubject, now: UnixSeconds): ProofVerdict {
  const { createdAt, expiresAt, signature } = proof;
  if (expiresAt <= createdAt || expiresAt - createdAt > LONGEST_PROOF || createdAt > now + CLOCK_TOLERANCE) return 'wrong';
  const event = { ...template(subject, proof), pubkey: subject.publicKey, sig: bytesToHex(signature) };
  if (!isGenuine({ ...event, id: getEventHash(event) })) return 'wrong';
  return expiresAt + CLOCK_TOLERANCE < now ? 'expired' : 'valid';
}

// Whoever joins sees every proof twice, in group info and in the Welcome, and a signature that was right stays right.
const genuine = new Set<string>();
const REMEMBERED = 4096;

function isGenuine(event: SignedEvent): boolean {
  const name = event.id + event.sig;
  if (genuine.has(name)) return true;
  if (!verifyEvent(event)) return false;
  if (genuine.size >= REMEMBERED) genuine.clear();
  genuine.add(name);
  return true;
}

export function encodeProof({ participant, createdAt, expiresAt, signature }: Proof): Bytes {
  const bytes = new Uint8Array(PROOF_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, VERSION);
  bytes.set(base64url.decode(participant) ?? [], 1);
  view.setBigUint64(17, BigInt(createdAt));
  view.setBigUint64(25, BigInt(expiresAt));
  bytes.set(signature, 33);
  return bytes;
}

/** Reads an extension; undefined when it is no proof. Any bytes may be given. */
export function decodeProof(bytes: Uint8Array): Proof | undefined {
  if (bytes.length !== PROOF_BYTES || bytes[0] !== VERSION) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const created = view.getBigUint64(17);
  const expires = view.getBigUint64(25);
  if (created > Number.MAX_SAFE_INTEGER || expires > Number.MAX_SAFE_INTEGER) return undefined;
  const participant = participantId(base64url.encode(bytes.subarray(1, 17)));
  return { participant, createdAt: seconds(Number(created)), expiresAt: seconds(Number(expires)), signature: Uint8Array.from(bytes.subarray(33)) };
}
