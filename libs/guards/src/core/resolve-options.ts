import { ALGORITHMS, isAlgorithm } from './algorithms.js';
import { findUrlFault } from './bounded-fetch.js';
import { normalizeMediaType } from './jws.js';
import {
  isName,
  isObject,
  type Option,
  option,
  type OptionReader,
  type OptionTable,
} from './options.js';
import type { OptionPart, VerifierParts } from './trusted-issuer.js';
import type { IssuerOptions, ResolvedIssuer, ResolvedVerifierOptions } from './verifier.options.js';

export const ISSUER_OPTIONS = {
  issuer: option.text,
  algorithms: option.texts([]),
  audience: option.textOrTexts,
  jwksUri: option.text,
  keys: option.function(),
  ignoresTokenStatus: option.flag(),
  ignoresTokenBinding: option.flag(),
  requiresDpop: option.flag(),
  tokenTypes: option.texts(['at+jwt']),
  requiredClaims: option.claimValues,
  claims: option.object({
    audience: option.claim('aud'),
    clientId: option.claims(['client_id']),
    scopes: option.claims(['scope']),
    roles: option.claims(['roles']),
    tokenId: option.claims(['jti']),
  }),
};

export const VERIFIER_OPTIONS = {
  audience: option.text,
  clockToleranceSeconds: option.number(0, 60, 5),
  maxTokenAgeSeconds: option.number(1, 31_622_400, 86_400),
  maxTokenBytes: option.number(256, 65_536, 8192),
  keySet: option.object({
    cooldownSeconds: option.number(1, 300, 10),
    maxStaleSeconds: option.number(0, 86_400, 3600),
    timeoutMs: option.number(50, 30_000, 3000),
    maxBytes: option.number(1024, 16_777_216, 524_288),
  }),
  tokenCache: option.object({ maxTokens: option.number(0, 1_000_000, 10_000) }),
  maxPooledSignatures: option.number(0, 1024, 64),
  opaqueTokens: option.objectWithMethod('verify'),
  dangerouslyAllowInsecureHttp: option.flag(),
  now: option.function(() => Date.now()),
  monotonicNow: option.function(() => performance.now()),
  fetch: option.function(),
};

/** An issuer's options as the reader returns them: every shape is right, and every default is filled in. */
export interface ReadIssuer extends Omit<ResolvedIssuer, 'audiences' | 'requiredClaims'> {
  readonly audience: IssuerOptions['audience'];
  readonly requiredClaims: NonNullable<IssuerOptions['requiredClaims']>;
}

/**
 * Reads the options of a verifier and those of its parts. Adds all faults to the reader.
 *
 * @param more options of the caller, which are read as well
 */
export function resolveVerifierOptions(
  given: object,
  reader: OptionReader,
  { parts, more = {} }: { readonly parts: VerifierParts; readonly more?: OptionTable },
): ResolvedVerifierOptions {
  const installed: OptionPart[] = Object.values(parts);
  const ofIssuer = merge(ISSUER_OPTIONS, ...installed.map((part) => part.issuerOptions));
  const table = merge(VERIFIER_OPTIONS, ...installed.map((part) => part.options), more);
  const named: unknown = Reflect.get(Object(given), 'issuers');
  const isSingle = named === undefined;
  const issuers = declareIssuers(named, parts, ofIssuer);
  const values = reader.read(given, { ...ofIssuer, ...table, issuers });
  if (!isSingle) refuseSingleIssuer(given, reader, Object.keys(ofIssuer));
  const own = Object.fromEntries(Object.keys(table).map((name) => [name, values[name]]));
  const resolved = {
    ...own,
    keySet: Object.freeze({ ...Object(own['keySet']), fetch: own['fetch'] }),
    ...readTrusted(values, isSingle),
    acceptsBoundTokens: parts.dpop !== undefined,
  } as unknown as ResolvedVerifierOptions; // The reader has checked every shape.
  for (const part of installed) Object.assign(resolved, part.resolve?.(resolved));
  reader.add(findVerifierFaults(resolved, isSingle));
  for (const part of installed) reader.add(part.findFaults?.(resolved) ?? []);
  return resolved;
}

/** A list of issuers, or an object for the part that resolves them at run time. */
function declareIssuers(given: unknown, parts: VerifierParts, ofIssuer: OptionTable): Option {
  const isDirectory = isObject(given) && Reflect.get(given, 'resolve') !== undefined;
  return (isDirectory && parts.issuersAtRunTime?.directory) || option.objects(ofIssuer);
}

function merge(...tables: readonly (OptionTable | undefined)[]): OptionTable {
  return Object.assign({}, ...tables);
}

function refuseSingleIssuer(given: object, reader: OptionReader, names: readonly string[]): void {
  for (const name of names) {
    if (name === 'audience' || Reflect.get(given, name) === undefined) continue;
    reader.refuse(name, `\`${name}\` belongs to the entries of \`issuers\``);
  }
}

/** A single issuer's options stand among those of the module, where `audience` belongs to the module. */
function readTrusted(values: Readonly<Record<string, unknown>>, isSingle: boolean) {
  const { audience, issuer, opaqueTokens, issuers } = values;
  const single = issuer === undefined && opaqueTokens ? [] : [{ ...values, audience: undefined }];
  const several = Array.isArray(issuers) ? issuers : [];
  const read = (isSingle ? single : several) as readonly ReadIssuer[];
  return {
    issuers: Object.freeze(read.map((one) => resolveIssuer(one, audience as string))),
    directory: isObject(issuers) ? issuers : undefined,
  };
}

/** @param audience identifier of this resource server, unless the issuer's own options name another one */
export function resolveIssuer(read: ReadIssuer, audience: string): ResolvedIssuer {
  const required = Object.entries(read.requiredClaims);
  return Object.freeze({
    ...read,
    audiences: Object.freeze([read.audience ?? audience].flat()),
    algorithms: Object.freeze([...read.algorithms]),
    tokenTypes: Object.freeze(read.tokenTypes.map(normalizeMediaType)),
    requiredClaims: Object.freeze(required.map(([name, value]) => [name, [value].flat()] as const)),
  });
}

/** One sentence for each fault. It says what to set. */
function findVerifierFaults(resolved: ResolvedVerifierOptions, isSingle: boolean): string[] {
  const { audience, issuers, opaqueTokens, directory } = resolved;
  const isRepeated = new Set(issuers.map(({ issuer }) => issuer)).size < issuers.length;
  const hasIssuers = issuers.length > 0 || opaqueTokens || directory;
  return [
    when(!isName(audience), 'set `audience` to the identifier of this resource server'),
    when(!hasIssuers, 'set `issuers` to those you trust'),
    when(isRepeated, '`issuers` names an issuer twice'),
    ...issuers.map((one, i) => findIssuerFaults(one, resolved, isSingle ? '' : `issuers[${i}].`)),
  ].flat();
}

const when = (isFault: unknown, fault: string) => (isFault ? [fault] : []);

type FaultOptions = Pick<
  ResolvedVerifierOptions,
  'dangerouslyAllowInsecureHttp' | 'acceptsBoundTokens'
>;

/** @param prefix of the names in the sentences, such as `issuers[0].` */
export function findIssuerFaults(rules: ResolvedIssuer, options: FaultOptions, prefix: string) {
  const { issuer, audiences, algorithms, jwksUri, keys, requiresDpop, tokenTypes } = rules;
  const named = (name: string) => `\`${prefix}${name}\``;
  const refused = algorithms.filter((algorithm) => !isAlgorithm(algorithm)).map(String);
  const values = `may hold ${ALGORITHMS.join(', ')}, not ${refused.join(', ')}`;
  const isBearer = requiresDpop && rules.ignoresTokenBinding;
  const lacksDpop = requiresDpop && !options.acceptsBoundTokens;
  const hasAudience = audiences.length > 0 && audiences.every(isName);
  return [
    when(!isName(issuer), `set ${named('issuer')} to the "iss" of your authorization server`),
    when(algorithms.length === 0, `set ${named('algorithms')} to those your issuer signs with`),
    when(refused.length > 0, `${named('algorithms')} ${values}`),
    when(keys && jwksUri, `set ${named('keys')} or ${named('jwksUri')}, not both`),
    when(lacksDpop, `${named('requiresDpop')} needs the part \`dpop\``),
    when(isBearer, `set ${named('requiresDpop')} or ${named('ignoresTokenBinding')}, not both`),
    when(prefix && !hasAudience, `${named('audience')} must be one or several names`),
    when(tokenTypes.length === 0, `${named('tokenTypes')} must name at least one type`),
    findAddressFaults(rules, options, named),
  ].flat();
}

function findAddressFaults(
  { issuer, jwksUri, keys }: ResolvedIssuer,
  options: FaultOptions,
  named: (name: string) => string,
): string[] {
  const address = jwksUri ?? issuer;
  if (keys || !isName(address)) return [];
  const fault = findUrlFault(address, options);
  return when(fault, `${named(jwksUri === undefined ? 'issuer' : 'jwksUri')} ${fault}`);
}
