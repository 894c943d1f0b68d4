import { milliseconds } from '../units.js';

/** How long a committer waits for more people to come or go, so that they go into one commit. */
export const BATCH = milliseconds(300);

/** The least time between commits about people who come and go by themselves: a crowd makes a commit a second, not one each. */
export const BETWEEN_COMMITS = milliseconds(1000);

/** How long each member leaves a commit to the one before it in the roster, who may be gone. */
export const TURN = milliseconds(1500);

/** When a member begins to send with a new epoch although not everybody is known to have it. */
export const SWITCH_AFTER = milliseconds(2000);

/** How long until what could not be sent or fetched is tried again; doubled each time, up to the second. */
export const RETRY = milliseconds(500);
export const LONGEST_RETRY = milliseconds(8000);

/** How often each member gives itself new keys. */
export const UPDATE_EVERY = milliseconds(15 * 60_000);

/** How many commits that came too early are kept; the others are fetched. */
export const EARLY_COMMITS = 64;
