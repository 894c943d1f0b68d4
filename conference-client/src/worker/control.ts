import type { DropReason } from '../frames/drops.js';
import type { TrackSource } from '../frames/source.js';
import type { Epoch, ParticipantId } from '../units.js';

// What the page and its worker say to each other. Keys travel here and nowhere else: livekit-client never sees one.

/** The one message that comes by the worker's own channel: it brings the port. */
export interface ConnectMessage {
  readonly kind: 'buildit-connect';
  readonly own: ParticipantId;
  readonly port: MessagePort;
}

/** Which way something goes, seen from this page. */
export type Direction = 'sent' | 'received';

/** From the page. Those with an id are answered. */
export type ControlRequest =
  | { readonly kind: 'switchOn'; readonly id: number }
  | { readonly kind: 'begin'; readonly id: number; readonly epoch: Epoch; readonly keys: ReadonlyMap<ParticipantId, CryptoKey> }
  | { readonly kind: 'sendWith'; readonly id: number; readonly epoch: Epoch }
  | { readonly kind: 'retire'; readonly id: number; readonly epoch: Epoch }
  | { readonly kind: 'clear'; readonly id: number }
  | { readonly kind: 'track'; readonly direction: Direction; readonly participant: string; readonly trackId: string; readonly source: TrackSource }
  | { readonly kind: 'trackEnded'; readonly direction: Direction; readonly participant: string; readonly trackId: string };

/** What became of the frames, or the data messages, of one participant. */
export interface Traffic {
  /** Undefined for all whom the list has no more room for. */
  readonly participant: ParticipantId | undefined;
  readonly direction: Direction;
  readonly content: 'media' | 'data';
  /** How many were sealed or opened. */
  readonly passed: number;
  /** How many were dropped, for each reason there was. */
  readonly dropped: Readonly<Partial<Record<DropReason, number>>>;
}

/** From the worker. */
export type ControlReport =
  | { readonly kind: 'ready' }
  | { readonly kind: 'done'; readonly id: number }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string }
  | { readonly kind: 'traffic'; readonly traffic: readonly Traffic[] }
  | { readonly kind: 'keyFrames'; readonly trackIds: readonly string[] }
  | { readonly kind: 'epochNeeded' };
