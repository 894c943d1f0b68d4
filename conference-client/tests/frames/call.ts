import { SaltPool } from '../../src/frames/counter.js';
import type { FrameResult } from '../../src/frames/drops.js';
import { importFrameKey, KeyRing } from '../../src/frames/keyring.js';
import { FrameOpener } from '../../src/frames/opener.js';
import { FrameSealer, type EncodedFrame } from '../../src/frames/sealer.js';
import type { TrackSource } from '../../src/frames/source.js';
import { epochNumber, milliseconds, participantId, type Bytes } from '../../src/units.js';
import { pattern } from '../support/bytes.js';

export const ada = participantId('ada');
export const bob = participantId('bob');
export const eve = participantId('eve');
export const at = milliseconds;

/** A key that belongs to a participant and an epoch, and to nothing else. */
export function keyOf(participant: string, epoch: number): Promise<CryptoKey> {
  return importFrameKey(pattern(32, participant.charCodeAt(0) * 1000 + epoch));
}

export async function keysOf(epoch: number, ...participants: string[]) {
  return new Map(await Promise.all(participants.map(async (name) => [participantId(name), await keyOf(name, epoch)] as const)));
}

/** Two devices with the same keys in one epoch, where Ada sends and Bob receives. */
export class TwoDevices {
  readonly sending = new KeyRing(ada);
  readonly receiving = new KeyRing(bob);
  readonly salts = new SaltPool();

  static async start(epoch = 1, ...participants: string[]): Promise<TwoDevices> {
    const devices = new TwoDevices();
    await devices.begin(epoch, 0, ...participants);
    devices.sending.sendWith(epochNumber(epoch));
    return devices;
  }

  async begin(epoch: number, now: number, ...participants: string[]): Promise<void> {
    const keys = await keysOf(epoch, ...(participants.length > 0 ? participants : [ada, bob, eve]));
    this.sending.begin(epochNumber(epoch), keys, at(now));
    this.receiving.begin(epochNumber(epoch), keys, at(now));
  }

  sealer(source: TrackSource = 'camera'): FrameSealer {
    return new FrameSealer(this.sending, source, this.salts);
  }

  opener(source: TrackSource = 'camera', sender = ada): FrameOpener {
    return new FrameOpener(this.receiving, sender, source);
  }
}

export const keyFrame: EncodedFrame = { data: pattern(40, 7), codec: 'vp8', keyFrame: true };
export const deltaFrame: EncodedFrame = { data: pattern(30, 8), codec: 'vp8', keyFrame: false };
export const soundFrame: EncodedFrame = { data: pattern(20, 9), codec: 'opus', keyFrame: true };

/** The bytes of a frame; a frame that was dropped fails the test. */
export function dataOf(result: FrameResult): Bytes {
  if (result.kind !== 'frame') throw new Error(`dropped: ${result.reason}`);
  return result.data;
}

export function reasonOf(result: FrameResult): string {
  return result.kind === 'dropped' ? result.reason : 'none: there is a frame';
}
