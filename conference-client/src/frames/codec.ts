/** The codecs that version 1 of the frame format allows. What others need in clear is not agreed upon, so they are refused. */
export type Codec = 'opus' | 'vp8' | 'vp9';

/** Whether a codec, as RTP names it in lower case without "audio/" or "video/", may be sent. */
export function isAllowedCodec(name: string): name is Codec {
  return name === 'opus' || name === 'vp8' || name === 'vp9';
}

/**
 * How many bytes at the start of a frame stay readable, so that packetizers and SFUs know key frames. They are authenticated.
 * VP8: the uncompressed data chunk, 10 bytes of a key frame (RFC 6386 section 9.1), and of other frames the byte that says so.
 */
export function clearByteCount(codec: Codec, keyFrame: boolean): number {
  if (codec === 'vp8') return keyFrame ? 10 : 1;
  return 0;
}
