import { randomUUID } from 'node:crypto';
import type { AccessToken } from '../src/core/access-token.js';
import { OptionReader } from '../src/core/options.js';
import { readAccessToken } from '../src/core/read-access-token.js';
import { resolveVerifierOptions } from '../src/core/resolve-options.js';
import { parseStrictJson } from '../src/core/strict-json.js';
import type { VerifierOptions } from '../src/core/verifier.options.js';

export interface TestTokenOptions {
  /** Default `alice`. */
  readonly subject?: string | undefined;
  /** Default none. */
  readonly scopes?: Iterable<string> | undefined;
  /** Overrides claims, by the names of RFC 9068. `undefined` removes one. */
  readonly claims?: Readonly<Record<string, unknown>> | undefined;
}

const ISSUER = 'https://issuer.example';
const AUDIENCE = 'https://api.example';

/** A verified token for the unit test of a handler or a policy, without a server. It is frozen, like every verified token. */
export function testToken(options: TestTokenOptions = {}): AccessToken {
  const { subject = 'alice', scopes = [], claims = {} } = options;
  const { aud = AUDIENCE, iss = ISSUER } = claims;
  const now = Math.floor(Date.now() / 1000);
  const standard = {
    iss,
    sub: subject,
    aud,
    client_id: 'test-client',
    jti: randomUUID(),
    iat: now,
    exp: now + 300,
    scope: [...scopes].join(' ') || undefined,
  };
  const rules = resolveRules({
    issuer: String(iss),
    audience: String([aud].flat()[0]),
    algorithms: ['ES256'],
  });
  // A frozen copy with JSON values only, as in a token.
  const json = Buffer.from(JSON.stringify({ ...standard, ...claims }));
  return readAccessToken(parseStrictJson(json), rules);
}

function resolveRules(options: VerifierOptions) {
  const reader = new OptionReader();
  const [rules] = resolveVerifierOptions(options, reader, { parts: {} }).issuers;
  reader.throwFaults();
  if (!rules) throw new Error('The options name no issuer');
  return rules;
}
