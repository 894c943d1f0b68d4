import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { base64url, utf8 } from '../bytes.js';
import { roomId, type Bytes, type RoomId } from '../units.js';

const SECRET_BYTES = 32;
const NONCE_BYTES = 12;

/**
 * What somebody needs to come into a room's group: the room, and a secret that no server has. It lets nobody into the room (that is
 * the room API's to decide) and opens no frame (that takes a member). With it group info and what joiners write are closed, so that
 * servers do not learn who the members are and cannot bring in somebody of their own.
 */
export class Invitation {
  readonly room: RoomId;
  /** Nostr relays that the members use, for whoever has none of their own. */
  readonly relays: readonly string[];
  readonly #secret: Bytes;
  readonly #keys = new Map<string, Promise<CryptoKey>>();

  /** @throws RangeError when the secret has not 32 bytes. */
  constructor(room: RoomId, secret: Uint8Array, relays: readonly string[] = []) {
    if (secret.length !== SECRET_BYTES) throw new RangeError('The secret of an invitation has 32 bytes');
    this.room = room;
    this.relays = relays;
    this.#secret = Uint8Array.from(secret);
  }

  /** A new one, with a secret nobody else has. */
  static to(room: RoomId, relays: readonly string[] = []): Invitation {
    return new Invitation(room, crypto.getRandomValues(new Uint8Array(SECRET_BYTES)), relays);
  }

  /**
   * Reads what `toString` gives, or a link that ends with it after #.
   * @throws RangeError when something of it is missing or spoilt.
   */
  static parse(text: string): Invitation {
    const fields = new URLSearchParams(text.slice(text.indexOf('#') + 1));
    const secret = base64url.decode(fields.get('secret') ?? '');
    const room = fields.get('room') ?? '';
    if (!/^[0-9a-f]{32}$/.test(room) || secret?.length !== SECRET_BYTES) throw new RangeError('This is not a whole invitation: copy all of the link');
    return new Invitation(roomId(room), secret, fields.getAll('relay').filter((relay) => /^wss?:\/\//.test(relay)));
  }

  /** For a link, after #: browsers send that part to no server. */
  toString(): string {
    const fields = new URLSearchParams({ room: this.room, secret: base64url.encode(this.#secret) });
    for (const relay of this.relays) fields.append('relay', relay);
    return fields.toString();
  }

  /** Closes bytes for those who have the invitation. The context has to be the same when they are opened. */
  async seal(purpose: string, context: string, bytes: Uint8Array): Promise<Bytes> {
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
    const sealed = await crypto.subtle.encrypt(algorithm(nonce, context), await this.#key(purpose), Uint8Array.from(bytes));
    const all = new Uint8Array(NONCE_BYTES + sealed.byteLength);
    all.set(nonce);
    all.set(new Uint8Array(sealed), NONCE_BYTES);
    return all;
  }

  /** Opens what was closed with the same invitation, purpose and context; undefined otherwise. Any bytes may be given. */
  async open(purpose: string, context: string, sealed: Uint8Array): Promise<Bytes | undefined> {
    const bytes = Uint8Array.from(sealed);
    try {
      return new Uint8Array(await crypto.subtle.decrypt(algorithm(bytes.subarray(0, NONCE_BYTES), context), await this.#key(purpose), bytes.subarray(NONCE_BYTES)));
    } catch {
      return undefined;
    }
  }

  #key(purpose: string): Promise<CryptoKey> {
    let key = this.#keys.get(purpose);
    if (!key) {
      // HKDF (RFC 5869) with the room as its salt.
      const raw = hkdf(sha256, this.#secret, utf8(this.room), utf8(`buildit-invitation ${purpose}`), 32);
      key = crypto.subtle.importKey('raw', Uint8Array.from(raw), 'AES-GCM', false, ['encrypt', 'decrypt']);
      this.#keys.set(purpose, key);
    }
    return key;
  }
}

function algorithm(iv: Bytes, context: string): AesGcmParams {
  return { name: 'AES-GCM', iv, additionalData: utf8(context) };
}
