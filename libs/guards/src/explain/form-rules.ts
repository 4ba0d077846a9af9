import type { ResolvedGuardsOptions } from '../guards.options.js';
import { requireTokenSyntax } from '../http/credentials.js';
import type { ResolvedIssuer } from '../issuers/issuer.options.js';
import type { TrustedIssuers } from '../issuers/trusted-issuers.js';
import { InvalidToken } from '../refusals/bearer-error.js';
import {
  type CompactJws,
  decodeHeader,
  parseCompactJws,
  requireLength,
} from '../token/compact-jws.js';
import {
  algorithmOf,
  keyIdOf,
  requireNoExtension,
  requireTokenType,
} from '../token/jose-header.js';
import type { JsonObject } from '../token/strict-json.js';
import type { Rule } from './rule.js';

export const TEXT_RULES: readonly Rule<{ token: string; options: ResolvedGuardsOptions }>[] = [
  {
    says: 'It is not too long',
    source: 'option `maxTokenBytes`',
    seen: ({ token }) => token.length,
    wanted: ({ options }) => options.maxTokenBytes,
    test: ({ token, options }) => requireLength(token, options),
  },
  {
    says: 'It is one token and nothing else',
    source: 'RFC 6750 §2.1',
    test: ({ token }) => requireTokenSyntax(token),
  },
  {
    says: 'It has three parts, and the claims can be read in one way only',
    source: 'RFC 7515 §7.1, RFC 7519 §4',
    test: ({ token }) => parseCompactJws(token),
  },
];

export const ISSUER_RULES: readonly Rule<{ claims: JsonObject; issuers: TrustedIssuers }>[] = [
  {
    says: 'Its issuer is trusted here',
    source: 'RFC 9068 §4, RFC 8725 §3.8',
    seen: ({ claims }) => claims['iss'],
    wanted: ({ issuers }) => issuers.names,
    test({ claims, issuers }) {
      if (!issuers.named(claims['iss'])) throw new InvalidToken('wrong_issuer');
    },
  },
];

export const HEADER_FORM_RULES: readonly Rule<CompactJws>[] = [
  {
    says: 'The header can be read in one way only',
    source: 'RFC 7515 §4, §7.1',
    test: ({ header }) => decodeHeader(header),
  },
];

export const HEADER_RULES: readonly Rule<{ header: JsonObject; rules: ResolvedIssuer }>[] = [
  {
    says: 'It needs no extension that is unknown here',
    source: 'RFC 7515 §4.1.11, RFC 7797 §6',
    seen: ({ header: { crit, b64 } }) => crit ?? b64,
    test: ({ header }) => requireNoExtension(header),
  },
  {
    says: '`typ` says that it is an access token',
    source: 'RFC 9068 §4, RFC 8725 §3.11',
    seen: ({ header }) => header['typ'],
    wanted: ({ rules }) => rules.tokenTypes,
    test: ({ header, rules }) => requireTokenType(header, rules),
  },
  {
    says: '`alg` is allowed for this issuer',
    source: 'RFC 8725 §3.1',
    seen: ({ header }) => header['alg'],
    wanted: ({ rules }) => rules.algorithms,
    test: ({ header, rules }) => algorithmOf(header, rules),
  },
  {
    says: '`kid` names a key',
    source: 'RFC 7515 §4.1.4',
    seen: ({ header }) => header['kid'],
    test: ({ header }) => keyIdOf(header),
  },
];
