import type { Bytes, ParticipantId } from '../units.js';

// The messages that livekit-client 2.23.0 and its worker exchange. They are internal to it, so a contract test compares them with
// those of the version that is installed.

/** A frame between encoder and packets: RTCEncodedVideoFrame or RTCEncodedAudioFrame, of which only the former has a type. */
export interface EncodedMedia {
  data: ArrayBuffer;
  readonly type?: string;
  getMetadata(): { readonly mimeType?: string; readonly payloadType?: number };
}

/** What a pipeline is for. */
export interface PipelineOptions {
  readonly kind: 'encode' | 'decode';
  readonly participantIdentity: string;
  readonly trackId: string;
  readonly codec?: string | undefined;
}

/** An RTCRtpScriptTransformer (WebRTC Encoded Transform section 5). */
export interface ScriptTransformer {
  readonly readable: ReadableStream<EncodedMedia>;
  readonly writable: WritableStream<EncodedMedia>;
  readonly options: PipelineOptions;
  generateKeyFrame(): Promise<unknown>;
  sendKeyFrameRequest(): Promise<unknown>;
}

/** To the worker: those that mean something here. */
export type LivekitRequest =
  | { readonly kind: 'init' }
  | { readonly kind: 'enable'; readonly data: { readonly enabled: boolean; readonly participantIdentity: string } }
  | {
      readonly kind: 'encode' | 'decode';
      readonly data: Omit<PipelineOptions, 'kind'> & { readonly readableStream: ReadableStream<EncodedMedia>; readonly writableStream: WritableStream<EncodedMedia> };
    }
  | { readonly kind: 'updateCodec'; readonly data: Omit<PipelineOptions, 'kind'> & { readonly previousTrackId?: string } }
  | { readonly kind: 'removeTransform'; readonly data: { readonly participantIdentity: string; readonly trackId: string } }
  | { readonly kind: 'setRTPMap'; readonly data: { readonly map: ReadonlyMap<number, string> } }
  | { readonly kind: 'encryptDataRequest'; readonly data: { readonly uuid: string; readonly payload: Bytes } }
  | { readonly kind: 'decryptDataRequest'; readonly data: { readonly uuid: string; readonly payload: Bytes; readonly iv: Bytes; readonly participantIdentity: ParticipantId; readonly keyIndex: number } };

/** To the worker, and of no meaning here: keys come by our own port, nothing ratchets, and no frame of a server is let through. */
export const IGNORED_REQUESTS = ['setKey', 'ratchetRequest', 'setSifTrailer', 'setLogLevel'] as const;

/** From the worker. */
export type LivekitResponse =
  | { readonly kind: 'initAck'; readonly data: { readonly enabled: true } }
  | { readonly kind: 'enable'; readonly data: { readonly enabled: boolean; readonly participantIdentity: string } }
  | { readonly kind: 'encryptDataResponse'; readonly data: { readonly uuid: string; readonly payload: Bytes; readonly iv: Bytes; readonly keyIndex: number } }
  | { readonly kind: 'decryptDataResponse'; readonly data: { readonly uuid: string; readonly payload: Bytes } }
  | { readonly kind: 'error'; readonly data: { readonly error: Error; readonly participantIdentity?: string; readonly uuid?: string } };
