import type { Bytes } from '../units.js';

// livekit.DataPacket, of which only the numbers of its fields are looked at (livekit_models.proto).
const allowed = new Set([
  1, // kind
  3, // speaker: the server's own word
  4, // participant_identity
  5, // destination_identities
  8, // metrics: of the transport
  16, // sequence
  17, // participant_sid
  18, // encrypted_packet
]);

/**
 * Whether a message of the data channel carries nothing that a participant said, except encrypted. Stricter than a parser: what two
 * parsers could read in two ways is refused, so that nobody smuggles something past this one.
 */
export function hasNoClearContent(packet: Bytes): boolean {
  let at = 0;

  /** A varint of one to five bytes in its shortest form. */
  function varint(): number | undefined {
    let value = 0;
    for (let read = 0; read < 5; read++) {
      const byte = packet[at++];
      if (byte === undefined) return undefined;
      value += (byte & 0x7f) * 2 ** (7 * read);
      if (byte < 0x80) return byte === 0 && read > 0 ? undefined : value;
    }
    return undefined;
  }

  while (at < packet.length) {
    const tag = varint();
    if (tag === undefined || !allowed.has(Math.floor(tag / 8))) return false;
    // Protocol Buffers wire types 0 and 2: none of these fields has another.
    const value = tag % 8 === 0 || tag % 8 === 2 ? varint() : undefined;
    if (value === undefined) return false;
    if (tag % 8 === 2) at += value;
  }
  return at === packet.length;
}
