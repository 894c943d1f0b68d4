import type { LocalTrack, Room, RoomOptions, Track } from 'livekit-client';
import type { RoomRequest } from '../api/answers.js';
import type { RoomApiError } from '../api/problem.js';
import type { Carrier } from '../mail/post-office.js';
import type { Traffic } from '../worker/index.js';
import type { Notice, Progress } from './notices.js';
import type { SessionState } from './session-state.js';

export interface ConferenceOptions {
  /** Makes a worker that runs `@buildit/conference-client/worker`; called once for each call. */
  readonly worker: () => Worker;
  /** What to call oneself, 64 characters at most. Members hear it, no server does. */
  readonly name?: string;
  /** Options of livekit-client's Room. Encryption is this package's. */
  readonly room?: Omit<RoomOptions, 'e2ee' | 'encryption'>;
  /** The region to connect through, also when the connection was lost, if the room is there or may spread to it. */
  readonly region?: string;
  /**
   * Nostr relays of the application, `wss://...`, beside the room's mailbox; people are reached at the relays of their own lists (NIP-17,
   * NIP-65). They stand in the invitation of a room that is made.
   */
  readonly relays?: readonly string[];
  /** Further ways for key packages and Welcomes. */
  readonly carriers?: readonly Carrier[];
  /** False where nothing shall go by the room API's mailbox; then there have to be relays. */
  readonly mailbox?: boolean;
  /** Tracks to publish at once, such as those of a call that is left for this one. */
  readonly tracks?: ReadonlyMap<LocalTrack, Track.Source>;
  /** Called with the room before it is connected, for listeners that shall miss nothing. */
  readonly prepare?: (room: Room) => void;
  /** Told what happens on the way into the call. */
  readonly progress?: (progress: Progress) => void;
  /** Gives up joining. */
  readonly signal?: AbortSignal;
}

export interface CreateOptions extends ConferenceOptions {
  /** What the room is made with. */
  readonly request?: RoomRequest;
}

/** Where somebody stands in a call: the group's state, and `connecting` while the SFU is not reached. */
export type ConferenceState = SessionState | 'connecting';

export type ConferenceEvents = {
  /** Something that an application shows is another: state, epoch, roster, names, who knocks, role. */
  changed: [];
  /** One thing that a person should read; undefined when it is over. */
  notice: [notice: Notice | undefined];
  /** How many frames and data messages were sealed, opened and dropped. */
  traffic: [traffic: readonly Traffic[]];
  /** The call is over for this person, for the reason given. */
  ended: [error: RoomApiError];
};
