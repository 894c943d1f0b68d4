// Bundles the quick start and the page of the demo: node build.mjs [FOLDER]
import { cp } from 'node:fs/promises';
import { build } from 'esbuild';

const output = process.argv[2] ?? 'dist';
const here = new URL('.', import.meta.url).pathname;
await build({
  entryPoints: { 'quick-start': `${here}quick-start.ts`, page: `${here}call/page.ts` },
  bundle: true,
  format: 'esm',
  target: 'es2022',
  minify: true,
  outdir: output,
  logLevel: 'warning',
});
await cp(`${here}call/index.html`, `${output}/index.html`);
// Where the quick start looks for it; a bundler that knows new URL() does this by itself.
await cp(`${here}node_modules/livekit-client/dist/livekit-client.e2ee.worker.mjs`, `${output}/livekit-client/e2ee-worker`);
