// Runs before the page's own scripts: takes redundant audio (RFC 2198) out of what the browser knows, as in browsers that do not have it.
(() => {
  const without = (sdp) => {
    const red = [...sdp.matchAll(/a=rtpmap:(\d+) red\/48000/gi)].map((match) => match[1]);
    return sdp.split('\r\n')
      .filter((line) => !red.some((type) => new RegExp(`^a=(rtpmap|fmtp|rtcp-fb):${type} `).test(line)))
      .map((line) => (line.startsWith('m=audio') ? line.split(' ').filter((field, at) => at < 3 || !red.includes(field)).join(' ') : line))
      .join('\r\n');
  };
  const prototype = RTCPeerConnection.prototype;
  for (const name of ['createOffer', 'createAnswer']) {
    const create = prototype[name];
    prototype[name] = async function (options) {
      const description = await create.call(this, options);
      return { type: description.type, sdp: without(description.sdp) };
    };
  }
})();
