import type { Invitation } from '../mail/invitation.js';
import type { Bytes } from '../units.js';

// Group info names the members' keys, so it is closed with the invitation before it goes to the server, for one epoch of one log:
// the server cannot give an older one for the one that lasts.

export function sealGroupInfo(invitation: Invitation, incarnation: string, epoch: number, groupInfo: Uint8Array): Promise<Bytes> {
  return invitation.seal('group info', `${incarnation} ${epoch}`, groupInfo);
}

export function openGroupInfo(invitation: Invitation, incarnation: string, epoch: number, sealed: Uint8Array): Promise<Bytes | undefined> {
  return invitation.open('group info', `${incarnation} ${epoch}`, sealed);
}
