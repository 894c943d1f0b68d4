// Notes ten times a second what the participant receives of one other, for judging freezes and layer changes afterwards.
window.recorder = {
  samples: [],
  start(identity) {
    this.samples = [];
    clearTimeout(this.timer);
    // One reading at a time: of two on a busy page the later could end first.
    const samples = this.samples;
    const read = async () => {
      const tracks = (await harness.received()).filter((track) => track.identity === identity);
      const video = tracks.find((track) => track.kind === 'video');
      const audio = tracks.find((track) => track.kind === 'audio');
      samples.push({
        // When the numbers were taken, not when this page came to read them: each track's by itself, as a busy page reads one later.
        at: video?.at || audio?.at || performance.timeOrigin + performance.now(),
        audioAt: audio?.at || video?.at || performance.timeOrigin + performance.now(),
        frames: video?.framesDecoded ?? 0,
        width: video?.width ?? 0,
        bytes: video?.bytes ?? 0,
        freezes: video?.freezes ?? 0,
        freezeSeconds: video?.freezeSeconds ?? 0,
        frameDelay: video?.frameDelay ?? 0,
        squaredFrameDelay: video?.squaredFrameDelay ?? 0,
        keyFrames: video?.keyFrames ?? 0,
        audioPackets: audio?.packets ?? 0,
        energy: audio?.energy ?? 0,
        streamState: video?.streamState ?? null,
      });
      if (samples === this.samples) this.timer = setTimeout(read, 100);
    };
    this.timer = setTimeout(read, 100);
  },
};
