import { mock } from 'node:test';

const STEP = 50;

/**
 * Timers that go off when the test says so, and a clock that they agree with. Cryptography is real, so after each step the test waits
 * until none of it is under way.
 */
export class VirtualTime {
  /** Milliseconds since it began. */
  now = 0;

  constructor() {
    mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  }

  async advance(time: number): Promise<void> {
    await quiet();
    for (const end = this.now + time; this.now < end; ) {
      const step = Math.min(STEP, end - this.now);
      this.now += step;
      mock.timers.tick(step);
      await quiet();
    }
  }

  /** Lets time pass until something is so. Fails when it is not within a minute. */
  async until(met: () => boolean, what: string, within = 60_000): Promise<void> {
    await quiet();
    for (const end = this.now + within; !met(); ) {
      if (this.now >= end) throw new Error(`${what}: not within ${within} ms`);
      await this.advance(STEP);
    }
  }

  end(): void {
    mock.timers.reset();
  }
}

let underWay = 0;
const methods = Object.getPrototypeOf(crypto.subtle) as Record<string, unknown>;
for (const name of ['encrypt', 'decrypt', 'sign', 'verify', 'digest', 'generateKey', 'deriveKey', 'deriveBits', 'importKey', 'exportKey', 'wrapKey', 'unwrapKey']) {
  const method = methods[name] as (...given: unknown[]) => Promise<unknown>;
  methods[name] = function (this: SubtleCrypto, ...given: unknown[]) {
    underWay++;
    return method.apply(this, given).finally(() => underWay--);
  };
}

/** Ends when nothing happens any more without time passing: no cryptography is under way, and what waited for it has run. */
async function quiet(): Promise<void> {
  for (let turns = 0; turns < 3; turns = underWay === 0 ? turns + 1 : 0) await new Promise<void>((resolve) => setImmediate(resolve));
}
