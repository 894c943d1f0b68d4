// Runs before the page's own scripts: leads this page's media another way, as a network would, by changing the ports in
// the server's ICE candidates. `mediaRoute` says how: udpPort replaces the port of UDP, tcp keeps TCP candidates.
// The page's own candidates stay untold, so that the server finds no way around.
(() => {
  const edit = (sdp, each) => sdp.split('\r\n').map((line) => (line.startsWith('a=candidate:') ? each(line) : line))
    .filter((line) => line !== null).join('\r\n');
  const route = (candidate) => {
    // RFC 8839 section 5.1: foundation, component, transport, priority, address, port.
    const fields = candidate.split(' ');
    if (fields[2].toLowerCase() === 'udp') fields[5] = String(mediaRoute.udpPort);
    else if (!mediaRoute.tcp) return null;
    return fields.join(' ');
  };
  const prototype = RTCPeerConnection.prototype;
  const { setRemoteDescription, addIceCandidate, createOffer, createAnswer } = prototype;
  prototype.setRemoteDescription = function (description) {
    return setRemoteDescription.call(this, { type: description.type, sdp: edit(description.sdp, route) });
  };
  prototype.addIceCandidate = function (candidate) {
    if (!candidate?.candidate) return addIceCandidate.call(this, candidate);
    const routed = route(candidate.candidate);
    if (routed === null) return Promise.resolve();
    return addIceCandidate.call(this, { candidate: routed, sdpMid: candidate.sdpMid, sdpMLineIndex: candidate.sdpMLineIndex });
  };
  const silent = (create) => async function (options) {
    const description = await create.call(this, options);
    return { type: description.type, sdp: edit(description.sdp, () => null) };
  };
  prototype.createOffer = silent(createOffer);
  prototype.createAnswer = silent(createAnswer);
  Object.defineProperty(prototype, 'onicecandidate', { configurable: true, get: () => null, set: () => {} });
})();
