/** RTCRtpSender.setParameters with RTCSetParameterOptions (WebRTC Extensions, section "RTCRtpEncodingParameters key frames"). */
interface KeyFrameSender {
  getParameters(): RTCRtpSendParameters;
  setParameters(parameters: RTCRtpSendParameters, options: { readonly encodingOptions: readonly { readonly keyFrame: boolean }[] }): Promise<void>;
}

/**
 * Asks an encoder for a key frame, where the worker has no transformer that can. A browser that does not know the option ignores it:
 * then receivers ask for the key frame themselves, as they do after a loss.
 */
export async function requestKeyFrame(sender: RTCRtpSender): Promise<void> {
  const keyFrames = sender as unknown as KeyFrameSender;
  const parameters = keyFrames.getParameters();
  try {
    await keyFrames.setParameters(parameters, { encodingOptions: parameters.encodings.map(() => ({ keyFrame: true })) });
  } catch {
    // Somebody else changed the parameters in between, or the sender has stopped: receivers ask for themselves.
  }
}
