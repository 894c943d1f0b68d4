import type { Room } from 'livekit-client';

/** What livekit-client marks a sender and a receiver with once it has given it a transform. */
const TRANSFORMED = 'lk_e2ee';

/** The parts of livekit-client that decide whether media goes through a transform. They are internal to it: a contract test says when they change. */
interface Internals {
  readonly e2eeManager?: {
    setupE2EESender(track: unknown, sender: RTCRtpSender): void;
    setupE2EEReceiver(track: ReceivedTrack, identity: string, info?: { readonly mimeType?: string }): void;
    handleReceiver(...given: unknown[]): Promise<void>;
  };
  readonly localParticipant: {
    setE2EEEnabled(enabled: boolean): Promise<void>;
    publishAdditionalCodecForTrack(track: unknown, codec: unknown): Promise<unknown>;
  };
}

interface ReceivedTrack {
  readonly kind: string;
  readonly receiver?: RTCRtpReceiver;
  readonly mediaStreamTrack: MediaStreamTrack;
}

/**
 * Sees to it that no sender and no receiver goes without its transform, through which alone media is sealed and opened. livekit-client
 * leaves it out where a server does not say what a track is encoded with, or gives this page no name; where a browser refuses one; and of
 * a second encoding for browsers that lack the first one's codec.
 * @param complain Told of what was silenced.
 * @throws Error when livekit-client is another one than is known.
 */
export function guardMedia(room: Room, complain: (error: Error) => void): void {
  const { e2eeManager: manager, localParticipant: me } = room as unknown as Internals;
  const known = [manager?.setupE2EESender, manager?.setupE2EEReceiver, manager?.handleReceiver, me.setE2EEEnabled, me.publishAdditionalCodecForTrack];
  if (!manager || known.some((method) => typeof method !== 'function')) throw new Error('This version of livekit-client is not known: use 2.23.0');
  const { setupE2EESender, setupE2EEReceiver, handleReceiver } = manager;
  manager.setupE2EESender = (track, sender) => {
    const error = trying(() => setupE2EESender.call(manager, track, sender));
    if (TRANSFORMED in sender) return;
    // It was made just now, so nothing has left; and nothing else is put into it later.
    void sender.replaceTrack(null).catch(() => undefined);
    sender.replaceTrack = () => Promise.resolve();
    complain(new Error(`A track is not sent, because it could not be sealed: ${error ?? 'it has no transform'}`));
  };
  // It does all that it does at once; what it fails with is seen from what it left undone.
  manager.handleReceiver = (...given) => handleReceiver.apply(manager, given).catch(() => undefined);
  manager.setupE2EEReceiver = (track, identity, info) => {
    // The worker does not ask what a received frame is encoded with. livekit-client does, and stops where a server says nothing of use.
    const error = trying(() => setupE2EEReceiver.call(manager, track, identity, { ...info, mimeType: `${track.kind}/any` }));
    if (track.receiver && TRANSFORMED in track.receiver) return;
    track.mediaStreamTrack.stop();
    complain(new Error(`A track of ${identity} is not played, because it could not be opened: ${error ?? 'it has no transform'}`));
  };
  me.publishAdditionalCodecForTrack = () => Promise.resolve();
  const { setE2EEEnabled } = me;
  me.setE2EEEnabled = async (on) => {
    if (!on) throw new Error('The encryption of this room cannot be switched off');
    return setE2EEEnabled.call(me, on);
  };
}

function trying(run: () => void): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : 'unknown';
  }
}
