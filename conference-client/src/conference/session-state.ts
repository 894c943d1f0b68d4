/**
 * Where somebody stands with the room's group.
 * - entering: on the way in, by themselves.
 * - waiting: a member has to add them, and was asked to.
 * - alone: nobody who has the keys is in the call, so nobody can add them.
 * - member: in the group.
 * - broken: nobody can go on with the group; a host or moderator has to start it anew.
 * - stranger: the invitation does not fit this room's group.
 * - removed: a member took them out on purpose, and they stay out until one lets them back.
 * - ended: the room is over, or they were put out of it.
 */
export type SessionState = 'entering' | 'waiting' | 'alone' | 'member' | 'broken' | 'stranger' | 'removed' | 'ended';
