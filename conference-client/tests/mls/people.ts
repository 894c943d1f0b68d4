import { finalizeEvent, getPublicKey } from 'nostr-tools/pure';
import { MlsGroup } from '../../src/mls/group.js';
import { makeCandidate, type Candidate } from '../../src/mls/member.js';
import type { NostrSigner } from '../../src/mls/signer.js';
import { base64url } from '../../src/bytes.js';
import { nostrPublicKey, participantId, roomId, seconds, type NostrPublicKey, type ParticipantId } from '../../src/units.js';
import { pattern } from '../support/bytes.js';

export const room = roomId('room-of-the-tests');
export const noon = seconds(1_700_000_000);

export interface Person {
  readonly publicKey: NostrPublicKey;
  readonly participant: ParticipantId;
  readonly signer: NostrSigner;
}

/** A person with a Nostr key, the same in every run. */
export function person(number: number): Person {
  const secret = pattern(32, number + 1);
  secret.set([number >> 8, number & 0xff], 30);
  const publicKey = nostrPublicKey(getPublicKey(secret));
  const signer = {
    getPublicKey: () => Promise.resolve(publicKey as string),
    signEvent: (event: Parameters<NostrSigner['signEvent']>[0]) => Promise.resolve(finalizeEvent(event, secret)),
  };
  return { publicKey, participant: participantId(base64url.encode(secret.subarray(16))), signer };
}

export function candidate(number: number, at = noon, inRoom = room): Promise<Candidate> {
  const { signer, participant } = person(number);
  return makeCandidate(signer, inRoom, participant, at);
}

/** A group of so many members, all in its last epoch. */
export async function groupOf(count: number): Promise<MlsGroup[]> {
  const first = await MlsGroup.create(await candidate(0), noon);
  if (count === 1) return [first];
  const others = await Promise.all(Array.from({ length: count - 1 }, (_, index) => candidate(index + 1)));
  const pending = await first.commit({ add: others.map(({ keyPackage }) => keyPackage) }, noon);
  const joined = await Promise.all(others.map((other) => MlsGroup.join(pending.welcome!, other, noon)));
  return [pending.adopt(), ...joined];
}

/** Has everybody but the committer process a commit. */
export async function spread(groups: readonly MlsGroup[], committer: number, commit: Uint8Array, at = noon): Promise<(MlsGroup | undefined)[]> {
  return Promise.all(
    groups.map(async (group, index) => {
      if (index === committer) return undefined;
      const processed = await group.process(commit, at);
      return processed.kind === 'epoch' ? processed.group : undefined;
    }),
  );
}
