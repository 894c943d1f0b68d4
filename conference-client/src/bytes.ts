import type { Bytes } from './units.js';

/** Bytes as text (RFC 4648 section 4, with padding). */
export const base64 = {
  encode(bytes: Uint8Array): string {
    let text = '';
    // In parts, because a function takes only so many arguments.
    for (let start = 0; start < bytes.length; start += 8192) text += String.fromCharCode(...bytes.subarray(start, start + 8192));
    return btoa(text);
  },
  /** Undefined when the text is none of it. */
  decode(text: string): Bytes | undefined {
    try {
      return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    } catch {
      return undefined;
    }
  },
};

/** Bytes as text that URLs take (RFC 4648 section 5, without padding). */
export const base64url = {
  encode(bytes: Uint8Array): string {
    return base64.encode(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  },
  /** Undefined when the text is not just what encode gives. */
  decode(text: string): Bytes | undefined {
    const bytes = /^[\w-]*$/.test(text) ? base64.decode(text.replaceAll('-', '+').replaceAll('_', '/')) : undefined;
    return bytes && base64url.encode(bytes) === text ? bytes : undefined;
  },
};

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function utf8(text: string): Bytes {
  return encoder.encode(text);
}

export function fromUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}
