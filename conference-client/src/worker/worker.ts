// The worker itself: a page runs this file with `new Worker(url, { type: 'module' })` and gives it to FrameEncryption.

import { milliseconds, type Milliseconds } from '../units.js';
import type { ConnectMessage, ControlReport, ControlRequest } from './control.js';
import { WorkerCore } from './core.js';
import type { LivekitRequest, LivekitResponse, ScriptTransformer } from './livekit.js';

interface WorkerScope {
  onmessage: ((event: MessageEvent<ConnectMessage | LivekitRequest>) => void) | null;
  onrtctransform: ((event: { readonly transformer: ScriptTransformer }) => void) | null;
  postMessage(message: LivekitResponse): void;
}

const scope = self as unknown as WorkerScope;
let core: WorkerCore | undefined;

function connect({ own, port }: ConnectMessage): WorkerCore {
  const report = (message: ControlReport) => port.postMessage(message);
  const connected = new WorkerCore(own, {
    now: () => milliseconds(performance.now()),
    later: (delay: Milliseconds, run: () => void) => void setTimeout(run, delay),
    answer: (message: LivekitResponse) => scope.postMessage(message),
    report,
  });
  port.onmessage = (event: MessageEvent<ControlRequest>) => connected.control(event.data);
  report({ kind: 'ready' });
  return connected;
}

scope.onmessage = ({ data }) => {
  // Only the first brings keys: whoever comes later with a port does not take the call over.
  if (data.kind === 'buildit-connect') core ??= connect(data);
  else core?.handle(data);
};

scope.onrtctransform = ({ transformer }) => core?.transform(transformer);
