import { randomUUID, sign } from 'node:crypto';
import { getAlgorithmParameters } from '../core/algorithms.js';
import { fetchBounded, findUrlFault, UnusableResponse } from '../core/bounded-fetch.js';
import { readInstant } from '../core/claims.js';
import { decodeHeader, parseCompactJws, parseJoseHeader } from '../core/jws.js';
import { discoverUrl } from '../core/key-set-source.js';
import { KeySet } from '../core/key-set.js';
import { isJsonObject, type JsonObject, parseStrictJson } from '../core/strict-json.js';
import { checkSignature } from '../core/verification-key.js';
import {
  type ClientWithKey,
  hasSecret,
  type ResolvedIntrospectionOptions,
} from './introspection.options.js';

const PLAIN = { accept: 'application/json', contentType: /^application\/json\s*(?:;|$)/i };
const SIGNED = {
  accept: 'application/token-introspection+jwt',
  contentType: /^application\/token-introspection\+jwt\s*(?:;|$)/i,
};

/** A signed answer does not name the token, so an old one must not be usable again. */
const MAX_ANSWER_AGE_MS = 60_000;
const ASSERTION_SECONDS = 60;

/** The introspection endpoint of one authorization server (RFC 7662). */
export class IntrospectionEndpoint {
  private url: Promise<string> | undefined;
  private readonly keySet: KeySet | undefined;

  constructor(private readonly options: ResolvedIntrospectionOptions) {
    const { issuer } = options.rules;
    const isSigned = issuer.algorithms.length > 0;
    this.keySet = isSigned ? new KeySet(issuer, options) : undefined;
  }

  /** Resolves when the address and, for signed answers, the keys are known. */
  async ready(): Promise<void> {
    await this.findUrl();
    await this.keySet?.ready();
  }

  /** @throws Error that says why there is no usable answer. It never contains the token. */
  async introspect(token: string): Promise<JsonObject> {
    const url = await this.findUrl();
    const { accept, contentType } = this.keySet ? SIGNED : PLAIN;
    const { authorization, parameters } = this.authenticate();
    const form = new URLSearchParams({ token, token_type_hint: 'access_token', ...parameters });
    const type = 'application/x-www-form-urlencoded';
    const headers = { accept, 'content-type': type, ...(authorization && { authorization }) };
    try {
      const request = { headers, contentType, body: form.toString() };
      const { body = Buffer.alloc(0) } = await fetchBounded(url, request, this.options.keySet);
      return this.keySet ? await this.readSigned(body, this.keySet) : parseStrictJson(body);
    } catch (error) {
      this.url = undefined; // The issuer may have moved its endpoint.
      throw this.explain(error);
    }
  }

  /** An answer with an invalid signature must not look like a refusal of the token. */
  private explain(cause: unknown): Error {
    const isRefusal = cause instanceof UnusableResponse && cause.status === 401;
    const hint = isRefusal ? 'The credentials in `client` are not accepted' : 'No usable answer';
    return new Error(hint, { cause });
  }

  private findUrl(): Promise<string> {
    this.url ??= this.discover().catch((error: unknown) => {
      this.url = undefined;
      throw error;
    });
    return this.url;
  }

  private async discover(): Promise<string> {
    const { endpoint, rules } = this.options;
    if (endpoint !== undefined) return endpoint;
    return discoverUrl(rules.issuer.issuer, 'introspection_endpoint', this.options);
  }

  /** Exactly one method (RFC 6749 §2.3): HTTP Basic (§2.3.1), or `private_key_jwt` (RFC 7523 §2.2). */
  private authenticate(): { authorization?: string; parameters?: Record<string, string> } {
    const { client } = this.options;
    if (hasSecret(client)) {
      const pair = `${formEncode(client.id)}:${formEncode(client.secret)}`;
      return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
    }
    const type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
    const assertion = this.signAssertion(client);
    return { parameters: { client_assertion_type: type, client_assertion: assertion } };
  }

  /** RFC 7523 §3. The audience is the issuer, so that no other server can use the assertion. */
  private signAssertion({ id, key, algorithm, kid }: ClientWithKey): string {
    const iat = Math.floor(this.options.now() / 1000);
    const claims = { iss: id, sub: id, aud: this.options.rules.issuer.issuer, jti: randomUUID() };
    const header = encode({ alg: algorithm, typ: 'JWT', ...(kid !== undefined && { kid }) });
    const input = `${header}.${encode({ ...claims, iat, exp: iat + ASSERTION_SECONDS })}`;
    const { hash, verifyOptions } = getAlgorithmParameters(algorithm);
    const signature = sign(hash, Buffer.from(input), { ...verifyOptions, key });
    return `${input}.${signature.toString('base64url')}`;
  }

  /** RFC 9701 §5. */
  private async readSigned(body: Buffer, keySet: KeySet): Promise<JsonObject> {
    const { rules, client, now } = this.options;
    const { algorithms, issuer } = rules.issuer;
    const jws = parseCompactJws(body.toString('latin1').trim());
    const headerRules = { algorithms, tokenTypes: ['token-introspection+jwt'] };
    const jose = parseJoseHeader(decodeHeader(jws.header), headerRules);
    checkSignature({ jws, jose }, await keySet.find(jose.kid), keySet);
    const { iss, aud, iat, token_introspection: answer } = jws.claims;
    const age = Math.abs(now() - readInstant(iat, 'iat').getTime());
    if (iss !== issuer) throw new Error('The signed answer is of another issuer');
    if (![aud].flat().includes(client.id))
      throw new Error('The signed answer is for another client');
    if (age > MAX_ANSWER_AGE_MS + rules.toleranceMs) throw new Error('The signed answer is old');
    if (isJsonObject(answer)) return answer;
    throw new Error('The signed answer has no token_introspection');
  }
}

/** RFC 6749 §2.3.1: identifier and secret are form-encoded before they are joined. */
function formEncode(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1);
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}
