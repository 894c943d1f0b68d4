import type { Participant, Room } from 'livekit-client';
import type { RosterEntry } from '../mls/group.js';
import { participantId, type NostrPublicKey, type ParticipantId } from '../units.js';

/** Somebody in the room's group: its Nostr key is proven, and every member has the same list. */
export interface Member {
  readonly publicKey: NostrPublicKey;
  readonly participantId: ParticipantId;
  /** How it is in the call; undefined while it is not. */
  readonly participant: Participant | undefined;
  /** What it calls itself, told to members alone. */
  readonly name: string | undefined;
  readonly own: boolean;
}

/** Somebody who was taken out on purpose, and is kept out. */
export interface Banned {
  readonly publicKey: NostrPublicKey;
  readonly participantId: ParticipantId;
  /** What they called themselves; undefined when this member was not there. */
  readonly name: string | undefined;
}

/** The members, with what the SFU knows of each. */
export function matchMembers(roster: readonly RosterEntry[], own: NostrPublicKey, room: Room | undefined, names: ReadonlyMap<ParticipantId, string>): Member[] {
  const present = new Map(participantsOf(room).map((participant) => [participantId(participant.identity), participant]));
  return roster.map(({ publicKey, participant }) => ({
    publicKey,
    participantId: participant,
    participant: present.get(participant),
    name: names.get(participant),
    own: publicKey === own,
  }));
}

/** Participants that are no members: the SFU says that they are there, and nothing of theirs is opened. */
export function findUnverified(roster: readonly RosterEntry[], room: Room | undefined): Participant[] {
  const members = new Set<string>(roster.map(({ participant }) => participant));
  return participantsOf(room).filter(({ identity }) => !members.has(identity));
}

export function participantsOf(room: Room | undefined): Participant[] {
  if (!room) return [];
  const { localParticipant, remoteParticipants } = room;
  return room.state === 'connected' ? [localParticipant, ...remoteParticipants.values()] : [...remoteParticipants.values()];
}
