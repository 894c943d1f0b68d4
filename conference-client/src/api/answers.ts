import type { ParticipantId, RoomId } from '../units.js';

/** What somebody is in a room. */
export type Role = 'host' | 'moderator' | 'participant' | 'viewer';

/** What somebody may do in a room. */
export interface Permissions {
  readonly publish: boolean;
  readonly subscribe: boolean;
  readonly screenShare: boolean;
  readonly record: boolean;
}

export interface RoomSettings {
  readonly requireApproval: boolean;
  readonly allowScreenShare: boolean;
  readonly allowRecording: boolean;
  readonly locked: boolean;
  readonly e2eeRequired: boolean;
}

/** What a room is made with; what is left out has the service's default (docs/room-api.md). */
export interface RoomRequest {
  /** Shown to people, 1 to 256 characters. Not encrypted. */
  readonly name?: string;
  readonly settings?: Partial<RoomSettings> & { readonly maxParticipants?: number };
  readonly expectedParticipants?: number;
  /** Milliseconds since 1970. */
  readonly expiresAt?: number;
  /** In order of preference. */
  readonly regions?: readonly string[];
}

/** The means to join. */
export interface Admission {
  readonly roomId: RoomId;
  readonly participantId: ParticipantId;
  readonly role: Role;
  readonly permissions: Permissions;
  readonly joinToken: string;
  /** Milliseconds since 1970, by the service's clock. */
  readonly tokenExpiresAt: number;
  /** What a LiveKit client connects to. */
  readonly sfuEndpoint: string;
  readonly settings: RoomSettings;
}

/** Somebody who waits to be let in. */
export interface Waiting {
  readonly participantId: ParticipantId;
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly note?: string;
}

export interface Knock {
  readonly participantId: ParticipantId;
  readonly state: 'waiting' | 'approved' | 'denied';
}

/** What became of a decision about a participant. */
export interface Decision {
  readonly participantId: ParticipantId;
  readonly role: Role;
  readonly revoked: boolean;
  /** Whether a node carried it out: `done`; `none` when they are not connected; `unknown` when a node did not answer in time. */
  readonly effect: 'done' | 'none' | 'unknown';
  /** Whether it outlives the loss of Redis. */
  readonly durable: boolean;
}

/** Where a room's log stands. */
export interface LogHead {
  /** Names the log. With another one the group is formed anew. */
  readonly incarnation: string;
  /** The lowest epoch whose commit is kept. */
  readonly firstEpoch: number;
  /** The epoch that lasts. */
  readonly nextEpoch: number;
}

/** A commit in its place. */
export interface OrderedCommit {
  readonly epoch: number;
  readonly participantId: ParticipantId;
  readonly commit: Uint8Array;
}
