// Bundles the quick start and the page of the demo, and the worker that encrypts: node build.mjs [FOLDER]
import { cp } from 'node:fs/promises';
import { build } from 'esbuild';

const output = process.argv[2] ?? 'dist';
const here = new URL('.', import.meta.url).pathname;
const client = `${here}../conference-client/src`;
await build({
  entryPoints: {
    'quick-start': `${here}quick-start.ts`,
    page: `${here}call/page.ts`,
    // Where the quick start looks for it; a bundler that knows new URL() does this by itself.
    '@buildit/conference-client/worker': `${client}/worker/worker.ts`,
  },
  // The packages of this tree instead of installed ones, and one livekit-client for both.
  alias: { '@buildit/conference-client': `${client}/index.ts`, 'livekit-client': `${here}node_modules/livekit-client` },
  bundle: true,
  format: 'esm',
  target: 'es2022',
  minify: true,
  outdir: output,
  logLevel: 'warning',
});
await cp(`${output}/@buildit/conference-client/worker.js`, `${output}/@buildit/conference-client/worker`);
for (const file of ['index.html', 'call.css']) await cp(`${here}call/${file}`, `${output}/${file}`);
