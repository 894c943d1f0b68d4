import { BaseKeyProvider, ParticipantEvent, RoomEvent, type LocalTrack, type Room, type Track } from 'livekit-client';
import { importFrameKey } from '../frames/keyring.js';
import type { TrackSource } from '../frames/source.js';
import type { Bytes, Epoch, ParticipantId } from '../units.js';
import { ClearDataGuard } from './clear-data.js';
import { guardMedia } from './clear-media.js';
import type { ConnectMessage, ControlReport, ControlRequest, Direction, Traffic } from './control.js';
import { requestKeyFrame } from './key-frame.js';

/** How long a worker may take to start, in milliseconds. */
const STARTS_WITHIN = 10_000;

export interface FrameEncryptionOptions {
  /** Who this page is in the room: the identity in its access token. */
  readonly own: ParticipantId;
  /**
   * A module worker that runs `@buildit/conference-client/worker`, for this room alone. Whoever made it ends it, after the room was
   * left.
   */
  readonly worker: Worker;
  /** Called with all the counts after some of them changed, twice a second at most. */
  readonly onTraffic?: (traffic: readonly Traffic[]) => void;
  /** Called when a counter is used up: nothing more is sent with this epoch, so the group has to begin another. */
  readonly onEpochNeeded?: () => void;
}

/** livekit-client asks for a provider of keys. This one has none: keys go to the worker by a port that livekit-client does not know. */
class NoKeys extends BaseKeyProvider {
  constructor() {
    super({ sharedKey: false, ratchetWindowSize: 0, failureTolerance: -1 });
  }
}

/**
 * Frame encryption of one room, in a worker. Before there is a key nothing leaves, and nothing is played or handed on that did not
 * open with the key of the participant that it is said to come from.
 *
 * ```ts
 * const encryption = new FrameEncryption({ own, worker: new Worker(url, { type: 'module' }) });
 * const room = new Room({ encryption: encryption.options });
 * await encryption.protect(room);
 * await room.connect(url, token);
 * await encryption.begin(epoch, keys);
 * await encryption.sendWith(epoch);
 * ```
 */
export class FrameEncryption {
  /** What `new Room({ encryption })` takes. */
  readonly options: { readonly keyProvider: BaseKeyProvider; readonly worker: Worker };
  readonly #port: MessagePort;
  readonly #settings: FrameEncryptionOptions;
  readonly #ready: Promise<void>;
  readonly #answers = new Map<number, { resolve(): void; reject(error: Error): void }>();
  readonly #guard: ClearDataGuard;
  #started: () => void = () => undefined;
  #lastId = 0;
  #room: Room | undefined;
  #workerTraffic: readonly Traffic[] = [];

  constructor(settings: FrameEncryptionOptions) {
    this.#settings = settings;
    this.options = { keyProvider: new NoKeys(), worker: settings.worker };
    this.#guard = new ClearDataGuard(() => this.#report());
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#ready = new Promise((resolve) => (this.#started = resolve));
    port1.onmessage = (event: MessageEvent<ControlReport>) => this.#hear(event.data);
    const connect: ConnectMessage = { kind: 'buildit-connect', own: settings.own, port: port2 };
    settings.worker.postMessage(connect, [port2]);
  }

  /** What became of all frames and data messages so far. */
  get traffic(): readonly Traffic[] {
    return [...this.#workerTraffic, ...this.#guard.traffic];
  }

  /**
   * Makes a room encrypt: call and await it once, before `room.connect`. After it nothing of this room leaves in clear, whatever is
   * set later.
   * @throws Error when the room was made without `options`, when the worker does not start within 10 s, or was protected before.
   */
  async protect(room: Room): Promise<void> {
    if (!room.hasE2EESetup) throw new Error('Make the room with `new Room({ encryption: frameEncryption.options })`');
    if (this.#room) throw new Error('One FrameEncryption protects one room: make another for another room');
    this.#room = room;
    this.#guard.guard(room);
    guardMedia(room, (error) => room.emit(RoomEvent.EncryptionError, error));
    this.#followTracks(room);
    await within(this.#ready, 'The worker did not start: check its URL, and worker-src in the Content-Security-Policy of the page');
    // What the tracks are announced as; livekit-client itself switches on when its worker says so.
    await room.setE2EEEnabled(true);
    const enabled = new Promise<void>((resolve) => {
      room.on(RoomEvent.ParticipantEncryptionStatusChanged, () => {
        if (room.isE2EEEnabled) resolve();
      });
    });
    await this.#ask((id) => ({ kind: 'switchOn', id }));
    await within(enabled, 'livekit-client did not switch its encryption on: only version 2.23.0 is known to work');
    // The worker would go on sealing; an application that wants it off is to know that it is not.
    room.setE2EEEnabled = async (on: boolean) => {
      if (!on) throw new Error('The encryption of this room cannot be switched off');
    };
  }

  /**
   * An epoch begins: frames that were sealed with its keys are opened from now on, and the earlier epochs end. Their keys are erased
   * 10 s later, those of whoever is not in the new epoch at once. Resolves when the worker has the keys; the bytes given are not kept.
   * @param keys The 32-byte frame key of every participant in the roster, one's own among them.
   * @throws RangeError when a key has not 32 bytes.
   * @throws Error when the epoch is not newer than all before.
   */
  async begin(epoch: Epoch, keys: ReadonlyMap<ParticipantId, Bytes>): Promise<void> {
    const imported = await Promise.all([...keys].map(async ([participant, raw]) => [participant, await importFrameKey(raw)] as const));
    await this.#ask((id) => ({ kind: 'begin', id, epoch, keys: new Map(imported) }));
  }

  /**
   * From now on frames and data are sealed with this epoch, and the published video tracks begin with a key frame.
   * @throws Error when it has not begun, or a later one is already in use.
   */
  async sendWith(epoch: Epoch): Promise<void> {
    await this.#ask((id) => ({ kind: 'sendWith', id, epoch }));
  }

  /** Erases the keys of an epoch at once. When frames are sealed with it, nothing leaves until `sendWith`. */
  async retire(epoch: Epoch): Promise<void> {
    await this.#ask((id) => ({ kind: 'retire', id, epoch }));
  }

  /**
   * Forgets every key: nothing is sent and nothing is opened until the next `begin`, which may be any epoch. So a group starts anew in
   * the same call. The new group's keys are other keys; the same keys must not come back.
   */
  async clear(): Promise<void> {
    await this.#ask((id) => ({ kind: 'clear', id }));
  }

  #ask(request: (id: number) => ControlRequest): Promise<void> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#answers.set(id, { resolve, reject });
      this.#port.postMessage(request(id));
    });
  }

  #hear(report: ControlReport): void {
    switch (report.kind) {
      case 'ready':
        return this.#started();
      case 'done':
      case 'failed': {
        const answer = this.#answers.get(report.id);
        this.#answers.delete(report.id);
        return report.kind === 'done' ? answer?.resolve() : answer?.reject(new Error(report.message));
      }
      case 'traffic':
        this.#workerTraffic = report.traffic;
        return this.#report();
      case 'keyFrames':
        return this.#requestKeyFrames(report.trackIds);
      case 'epochNeeded':
        return this.#settings.onEpochNeeded?.();
    }
  }

  #report(): void {
    this.#settings.onTraffic?.(this.traffic);
  }

  /** Tells the worker what each track shows, which is part of what a frame's tag covers. */
  #followTracks(room: Room): void {
    const { own } = this.#settings;
    const tell = (request: ControlRequest) => this.#port.postMessage(request);
    const begin = (direction: Direction, participant: string, { mediaStreamID }: Track, source: string) =>
      tell({ kind: 'track', direction, participant, trackId: mediaStreamID, source: source as TrackSource });
    const end = (direction: Direction, participant: string, { mediaStreamID }: Track) =>
      tell({ kind: 'trackEnded', direction, participant, trackId: mediaStreamID });

    room.localParticipant.on(ParticipantEvent.LocalSenderCreated, (_sender: RTCRtpSender, track: Track) => begin('sent', own, track, track.source));
    room.on(RoomEvent.LocalTrackUnpublished, ({ track }) => {
      if (track) end('sent', own, track);
    });
    room.on(RoomEvent.TrackSubscribed, (track, { source }, { identity }) => begin('received', identity, track, source));
    room.on(RoomEvent.TrackUnsubscribed, (track, _publication, { identity }) => end('received', identity, track));
  }

  #requestKeyFrames(trackIds: readonly string[]): void {
    for (const { track } of this.#room?.localParticipant.videoTrackPublications.values() ?? []) {
      const local = track as LocalTrack | undefined;
      if (local?.sender && trackIds.includes(local.mediaStreamID)) void requestKeyFrame(local.sender);
    }
  }
}

function within(promise: Promise<void>, otherwise: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(otherwise)), STARTS_WITHIN);
    void promise.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
