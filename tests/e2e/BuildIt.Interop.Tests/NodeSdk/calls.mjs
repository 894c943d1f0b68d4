// A child process under remote control: one JSON call a line on standard input, one JSON answer a line on standard output.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { join } from 'node:path';

// The SDKs lie in the npm folder of the tests, not beside this script.
export const requireSdk = createRequire(join(process.env.INTEROP_NPM, 'package.json'));

const write = (answer) =>
  process.stdout.write(`${JSON.stringify(answer, (_, value) => (typeof value === 'bigint' ? value.toString() : value))}\n`);

/** Serves calls until standard input ends, which is also how the process learns that its test is gone. */
export function serve(methods) {
  const lines = createInterface({ input: process.stdin });
  lines.on('line', async (line) => {
    const { id, method, args } = JSON.parse(line);
    try {
      write({ id, result: (await methods[method](...args)) ?? null });
    } catch (error) {
      write({ id, error: { message: String(error?.message ?? error), code: String(error?.code ?? ''), status: error?.status ?? 0 } });
    }
  });
  lines.on('close', () => process.exit(0));
}
