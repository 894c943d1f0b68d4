import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';
import { packageFile as packageUrl } from '../support/package-file.js';

const packageFile = (path: string) => fileURLToPath(packageUrl(path));
const folder = packageFile('.');
const node = (...command: string[]) => execFileSync(process.execPath, command, { cwd: folder, encoding: 'utf8' });
node(packageFile('node_modules/typescript/bin/tsc'));
const packed = (JSON.parse(execFileSync('npm', ['pack', '--dry-run', '--json'], { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })) as [{ files: { path: string }[] }])[0].files.map(({ path }) => path);

test('the package holds what was compiled, the vectors and what people read, and nothing else', () => {
  const others = packed.filter((path) => !/^(dist\/[\w/-]+\.(js|d\.ts)|vectors\/[\w-]+\.json|README\.md|LICENSE|package\.json)$/.test(path));
  assert.deepEqual(others, []);
  const sources = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', 'src'], { cwd: folder, encoding: 'utf8' }).trim().split('\n');
  for (const source of sources) {
    const compiled = source.replace(/^src/, 'dist').replace(/\.ts$/, '');
    for (const ending of ['.js', '.d.ts']) assert.ok(packed.includes(compiled + ending), compiled + ending);
  }
  assert.ok(packed.includes('LICENSE') && packed.includes('README.md') && packed.some((path) => path.startsWith('vectors/')));
  assert.equal(readFileSync(packageFile('LICENSE'), 'utf8'), readFileSync(packageFile('../LICENSE'), 'utf8'));
});

test('what the package exports is in it', () => {
  const { exports } = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as { exports: Record<string, Record<string, string>> };
  for (const file of Object.values(exports).flatMap((one) => Object.values(one))) assert.ok(packed.includes(file.replace('./', '')), file);
});

test('no type of it is any', () => {
  for (const path of packed.filter((one) => one.endsWith('.d.ts'))) {
    const code = readFileSync(packageFile(path), 'utf8').replace(/\/\*.*?\*\//gs, '').replace(/\/\/.*$/gm, '');
    assert.doesNotMatch(code, /(:|<|\||=>|\[\]|,)\s*any\b/, path);
  }
});

test('the reference is what the doc comments say', async () => {
  const { reference } = (await import(packageFile('tests/package/reference.mjs'))) as { reference(): string };
  assert.equal(readFileSync(packageFile('../docs/conference-client.md'), 'utf8'), reference(), 'run npm run reference');
});

/** As an application's build makes it, in bytes after gzip. livekit-client is not counted. */
async function size(entry: string): Promise<number> {
  const { outputFiles } = await build({ entryPoints: [packageFile(entry)], bundle: true, minify: true, format: 'esm', target: 'es2022', external: ['livekit-client'], write: false });
  return gzipSync(outputFiles[0]!.contents, { level: 9 }).length;
}

test('the bundles are as large as the README says, and grow by 5 % at most', async () => {
  const stated = /([\d.]+) kB, the worker ([\d.]+) kB/.exec(readFileSync(packageFile('README.md'), 'utf8'));
  assert.ok(stated, 'the README does not say how large the bundles are');
  const sizes = [await size('dist/index.js'), await size('dist/worker/worker.js')];
  for (const [index, bytes] of sizes.entries()) {
    const limit = Number(stated[index + 1]) * 1000;
    assert.ok(bytes <= limit * 1.05, `${bytes} bytes are more than 5 % above the ${limit} that README.md states: say why, and state the new size`);
    assert.ok(bytes >= limit * 0.9, `${bytes} bytes are much less than the ${limit} that README.md states: state the new size`);
  }
});
