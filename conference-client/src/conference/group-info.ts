import type { GroupLog } from '../api/commit-log.js';
import type { Invitation } from '../mail/invitation.js';
import { MlsGroup } from '../mls/group.js';
import { Refusal } from '../mls/refusal.js';
import type { Bytes, UnixSeconds } from '../units.js';

// Group info names the members' keys, so it is closed with the invitation before it goes to the server, for one epoch of one log:
// the server cannot give an older one for the one that lasts.

const PURPOSE = 'group info';

/** What the room API has of a group, as it is asked for. */
export type Found = Awaited<ReturnType<GroupLog['groupInfo']>>;

/** A group as its group info has it, and that group info, opened. */
export type GroupAsRead = Awaited<ReturnType<typeof MlsGroup.inspect>> & { readonly groupInfo: Bytes };

export function sealGroupInfo(invitation: Invitation, incarnation: string, epoch: number, groupInfo: Uint8Array): Promise<Bytes> {
  return invitation.seal(PURPOSE, `${incarnation} ${epoch}`, groupInfo);
}

/**
 * What group there is; or that there is none yet, that it is away for the moment, that it was closed with another invitation, or that
 * nobody can go on with it.
 */
export async function readGroupInfo(invitation: Invitation, { head, groupInfo }: Found, now: UnixSeconds): Promise<GroupAsRead | 'empty' | 'away' | 'closed' | 'broken'> {
  if (!groupInfo) return head.nextEpoch === 0 ? 'empty' : 'away';
  const opened = await invitation.open(PURPOSE, `${head.incarnation} ${head.nextEpoch}`, groupInfo);
  if (!opened) return 'closed';
  try {
    const group = await MlsGroup.inspect(opened, invitation.room, now);
    return group.epoch === head.nextEpoch ? { ...group, groupInfo: opened } : 'broken';
  } catch (error) {
    if (error instanceof Refusal) return 'broken';
    throw error;
  }
}
