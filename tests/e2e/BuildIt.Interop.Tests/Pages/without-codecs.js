// Runs before the page's own scripts: takes the video codecs that `withoutCodecs` names out of what the browser knows, as in browsers
// and on machines that do not have them.
(() => {
  const isGone = (name) => withoutCodecs.includes(name.toLowerCase());
  const without = (sdp) => sdp.split(/(?=^m=)/m).map((section) => {
    if (!section.startsWith('m=video')) return section;
    const gone = [...section.matchAll(/^a=rtpmap:(\d+) ([^/]+)\//gm)].filter((match) => isGone(match[2])).map((match) => match[1]);
    // Retransmission goes with what it repeats (RFC 4588 section 8.6).
    gone.push(...[...section.matchAll(/^a=fmtp:(\d+) apt=(\d+)/gm)].filter((match) => gone.includes(match[2])).map((match) => match[1]));
    return section.split('\r\n')
      .filter((line) => !gone.some((type) => new RegExp(`^a=(rtpmap|fmtp|rtcp-fb):${type} `).test(line)))
      .map((line) => (line.startsWith('m=') ? line.split(' ').filter((field, at) => at < 3 || !gone.includes(field)).join(' ') : line))
      .join('\r\n');
  }).join('');
  const prototype = RTCPeerConnection.prototype;
  for (const name of ['createOffer', 'createAnswer']) {
    const create = prototype[name];
    prototype[name] = async function (options) {
      const description = await create.call(this, options);
      return { type: description.type, sdp: without(description.sdp) };
    };
  }
  for (const side of [RTCRtpSender, RTCRtpReceiver]) {
    const capabilities = side.getCapabilities;
    side.getCapabilities = (kind) => {
      const all = capabilities.call(side, kind);
      return all && { ...all, codecs: all.codecs.filter((codec) => !isGone(codec.mimeType.split('/')[1])) };
    };
  }
})();
