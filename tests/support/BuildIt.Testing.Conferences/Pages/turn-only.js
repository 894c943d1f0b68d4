// Runs before the page's own scripts: the page reaches nobody but through TURN, as behind a firewall, and of the TURN servers
// only by the ways that `turnOnly.urls` (a regular expression) admits. Notes what the server handed out, for the test.
(() => {
  const Real = RTCPeerConnection;
  const admitted = new RegExp(turnOnly.urls);
  const narrowed = (configuration) => {
    if (configuration?.iceServers?.length) turnOnly.servers = configuration.iceServers;
    const iceServers = (configuration?.iceServers ?? [])
      .map((server) => ({ ...server, urls: [server.urls].flat().filter((url) => admitted.test(url)) }))
      .filter((server) => server.urls.length > 0);
    return { ...configuration, iceServers, iceTransportPolicy: 'relay' };
  };
  turnOnly.connections = [];
  window.RTCPeerConnection = class extends Real {
    constructor(configuration) {
      super(narrowed(configuration));
      turnOnly.connections.push(this);
    }
    setConfiguration(configuration) {
      super.setConfiguration(narrowed(configuration));
    }
  };

  // How the media of each open connection travels: the protocol between the client and its TURN server, "direct" without one.
  // Where addresses are translated on the way to the node, the relayed candidate in use is a peer-reflexive one.
  turnOnly.ways = async () => {
    const ways = [];
    for (const connection of turnOnly.connections.filter((each) => each.connectionState === 'connected')) {
      const report = await connection.getStats();
      const pairs = [...report.values()].filter((s) => s.type === 'candidate-pair' && s.state === 'succeeded' && (s.nominated || s.selected));
      for (const pair of pairs) {
        const local = report.get(pair.localCandidateId);
        ways.push(local.relayProtocol ?? 'direct');
      }
    }
    return ways;
  };

  // The candidates that a connection gets with some credentials.
  turnOnly.gather = async (urls, username, credential) => {
    const connection = new Real({ iceServers: [{ urls, username, credential }], iceTransportPolicy: 'relay' });
    try {
      const candidates = [];
      const complete = new Promise((resolve) => {
        connection.onicecandidate = ({ candidate }) => (candidate?.candidate ? candidates.push(candidate.candidate) : resolve());
      });
      connection.createDataChannel('probe');
      await connection.setLocalDescription();
      await complete;
      return candidates;
    } finally {
      connection.close();
    }
  };
})();
