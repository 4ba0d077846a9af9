import { randomBytes, randomUUID } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type RequestAuthenticator, BearerError } from '../../src/index.js';
import { encodePart, TestIssuer } from '../../testing/index.js';
import { TestClock } from './test-clock.js';
import { verifyOrError } from './factories.js';
import type { Fault } from './key-server-faults.js';
import { KeyServer } from './key-server.js';

/** An issuer, its key server, and a test clock. */
export class KeyServerScenario {
  private constructor(
    readonly clock: TestClock,
    readonly issuer: TestIssuer,
    readonly server: KeyServer,
  ) {}

  static async start(): Promise<KeyServerScenario> {
    const clock = new TestClock();
    const issuer = await TestIssuer.start({ now: clock.now });
    const keys = () => [issuer.signingKey.publicJwk];
    return new KeyServerScenario(clock, issuer, await KeyServer.listen(createKeyListener(keys)));
  }

  /** The timeout allows for a loopback answer on a busy machine and is short enough for many faults. */
  get options() {
    const { issuer, clock, server } = this;
    const keySet = { timeoutMs: 400 };
    return { ...issuer.options, jwksUri: server.jwksUri, ...clock.options, keySet };
  }

  /** Makes a token that stays valid for longer than any test advances the clock. */
  validToken(): string {
    return this.issuer.accessToken({ exp: this.clock.now() / 1000 + 80_000, scope: 'orders:read' });
  }

  /** Makes a token under a kid that no key has, so its signature need not be real. */
  randomKidToken(): string {
    const header = { ...this.issuer.header(), kid: randomUUID().repeat(7) };
    const payload = encodePart(this.issuer.claims());
    return `${encodePart(header)}.${payload}.${randomBytes(64).toString('base64url')}`;
  }

  /** Verifies tokens with unknown keys in parallel and returns the reasons of the refusals. */
  async flood(authenticator: RequestAuthenticator, size: number): Promise<Set<unknown>> {
    const verifications = Array.from({ length: size }, () =>
      verifyOrError(authenticator, this.randomKidToken()),
    );
    const verdicts = await Promise.all(verifications);
    return new Set(
      verdicts.map((verdict) => (verdict instanceof BearerError ? verdict.reason : verdict)),
    );
  }

  applyFault([, answer]: Fault): void {
    this.server.answer = answer;
  }

  /** Ends the fault: the key server publishes these keys. */
  publish(...keys: readonly object[]): void {
    this.server.answer = createKeyListener(() => keys);
  }

  async close(): Promise<void> {
    await this.issuer.close();
    await this.server.close();
  }
}

function createKeyListener(keys: () => readonly object[]): RequestListener {
  return (_request, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: keys() }));
  };
}

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** Bytes that stay in use after a garbage collection. */
export function measureHeap(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Resolves when at most this many bytes are in use. The memory of a closed connection is freed with a delay. */
export async function waitForHeapBelow(maxBytes: number): Promise<void> {
  while (measureHeap() > maxBytes) await setTimeout(20);
}
