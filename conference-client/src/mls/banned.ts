import { bytesToHex, hexToBytes } from 'nostr-tools/utils';
import type { Extension } from 'ts-mls';
import { base64url } from '../bytes.js';
import { nostrPublicKey, participantId, type NostrPublicKey, type ParticipantId } from '../units.js';
import { Refusal } from './refusal.js';

// Members who leave and members who are taken out on purpose both go by a Remove proposal, so something has to tell the two apart: a
// list in the GroupContext (RFC 9420 section 8.1). The commit that changes it is signed by its author, every key of the epoch hangs
// on it, and whoever joins later, by a Welcome or from outside, gets it with them. No server can leave a name out.

/** The GroupContext extension that has the list: of the private range (RFC 9420 section 17.3). */
export const BANNED_EXTENSION = 0xfb02;

/** So many are on the list; the one that has been on it for longest makes room for another. */
export const MOST_BANNED = 256;

/** Somebody who was taken out on purpose, and is not let in again before a member takes them off the list. */
export interface BannedMember {
  readonly publicKey: NostrPublicKey;
  /** Who they were to the SFU. */
  readonly participant: ParticipantId;
}

const VERSION = 1;
const KEY_BYTES = 32;
const ENTRY_BYTES = KEY_BYTES + 16;

/** The list as it stands in the GroupContext, the one that has been on it for longest first. */
export function bannedExtension(list: readonly BannedMember[]): Extension {
  const extensionData = new Uint8Array(1 + list.length * ENTRY_BYTES);
  extensionData[0] = VERSION;
  for (const [index, { publicKey, participant }] of list.entries()) {
    extensionData.set(hexToBytes(publicKey), 1 + index * ENTRY_BYTES);
    extensionData.set(base64url.decode(participant) ?? [], 1 + index * ENTRY_BYTES + KEY_BYTES);
  }
  return { extensionType: BANNED_EXTENSION, extensionData };
}

/**
 * Reads the list of a GroupContext, or of a proposal for its extensions.
 * @throws Refusal when there is anything else in it, or the list is none.
 */
export function bannedIn(extensions: readonly Extension[]): readonly BannedMember[] {
  const [extension, ...others] = extensions;
  if (extension?.extensionType !== BANNED_EXTENSION || others.length > 0) throw new Refusal('policy', 'a group has the list of who was taken out, and no other extension');
  const { extensionData: data } = extension;
  const count = (data.length - 1) / ENTRY_BYTES;
  if (data[0] !== VERSION || !Number.isInteger(count) || count > MOST_BANNED) throw new Refusal('malformed', 'the list of who was taken out is none');
  const list = Array.from({ length: count }, (_, index) => {
    const entry = data.subarray(1 + index * ENTRY_BYTES, 1 + (index + 1) * ENTRY_BYTES);
    return { publicKey: nostrPublicKey(bytesToHex(entry.subarray(0, KEY_BYTES))), participant: participantId(base64url.encode(entry.subarray(KEY_BYTES))) };
  });
  if (new Set(list.map(({ publicKey }) => publicKey)).size < list.length) throw new Refusal('malformed', 'somebody stands on the list twice');
  return list;
}

/** The list after some were taken out and some were let back. */
export function withBanned(list: readonly BannedMember[], ban: readonly BannedMember[], readmit: readonly NostrPublicKey[] = []): readonly BannedMember[] {
  const changed = new Set([...readmit, ...ban.map(({ publicKey }) => publicKey)]);
  return [...list.filter(({ publicKey }) => !changed.has(publicKey)), ...ban].slice(-MOST_BANNED);
}
