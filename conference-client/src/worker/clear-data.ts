import type { Room } from 'livekit-client';
import { hasNoClearContent } from '../data/packet.js';
import { FrameCounts } from '../frames/drops.js';
import type { Traffic } from './control.js';

/** The parts of livekit-client's engine that data passes. They are internal to it: a contract test says when they change. */
interface Engine {
  handleDataMessage(message: MessageEvent<unknown>): Promise<void>;
  sendDataPacket(packet: { readonly value: { readonly case?: string | undefined } }, kind: number): Promise<void>;
  readonly e2eeManager?: { readonly isDataChannelEncryptionEnabled: boolean } | undefined;
}

/** What livekit-client sends in clear by design: no participant's words, or the server could not act on it. */
const sentInClear = new Set(['metrics', 'speaker']);

/** What livekit-client would not encrypt although it carries what somebody said or typed. */
const neverEncrypted = new Set(['transcription', 'sipDtmf']);

/**
 * Keeps data in clear out, and in. livekit-client encrypts data itself, but takes a packet that a server puts into the channel in
 * clear for a participant's, and sends in clear while its encryption is not on.
 */
export class ClearDataGuard {
  readonly #counts = new FrameCounts();
  readonly #onDrop: () => void;

  constructor(onDrop: () => void) {
    this.#onDrop = onDrop;
  }

  /** What was dropped. No participant is named, because a name in clear is anybody's. */
  get traffic(): readonly Traffic[] {
    const { dropped } = this.#counts;
    if (dropped === 0) return [];
    return [{ participant: undefined, direction: 'received', content: 'data', passed: 0, dropped: { cleartext: dropped } }];
  }

  /**
   * Guards the engine of a room, and those that come after it: a room makes a new one when it connects again.
   * @throws Error when livekit-client has another engine than is known.
   */
  guard(room: Room): void {
    const holder = room as unknown as { engine: Engine };
    let current: Engine | undefined = this.#guardEngine(holder.engine);
    Object.defineProperty(holder, 'engine', {
      configurable: true,
      enumerable: true,
      get: () => current,
      // A room that is left has none.
      set: (engine: Engine | undefined) => (current = engine && this.#guardEngine(engine)),
    });
  }

  #guardEngine(engine: Engine): Engine {
    const { handleDataMessage, sendDataPacket } = engine;
    if (typeof handleDataMessage !== 'function' || typeof sendDataPacket !== 'function') {
      throw new Error('This version of livekit-client is not known: use 2.23.0');
    }
    engine.handleDataMessage = async (message) => {
      if (message.data instanceof ArrayBuffer && hasNoClearContent(new Uint8Array(message.data))) return handleDataMessage.call(engine, message);
      this.#counts.drop('cleartext');
      this.#onDrop();
    };
    engine.sendDataPacket = async (packet, kind) => {
      const content = packet.value.case ?? '';
      if (neverEncrypted.has(content)) throw new Error(`livekit-client would send ${content} in clear, so it is not sent`);
      if (!sentInClear.has(content) && engine.e2eeManager?.isDataChannelEncryptionEnabled !== true) {
        throw new Error('Data encryption is not on yet: await FrameEncryption.protect before anything is sent');
      }
      return sendDataPacket.call(engine, packet, kind);
    };
    return engine;
  }
}
