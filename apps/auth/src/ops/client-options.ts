import type {
  AssertionAudience,
  AuthMethod,
  PkceRule,
  SubjectType,
} from '../clients/client.entity.js';
import type { CompleteRegistration } from '../clients/client-registration.js';
import { clientKeySetSchema } from '../clients/registered-credentials.js';
import type { ChangeOptions } from './operation-runner.js';
import { readJsonFile } from './option-parsers.js';

export const ACCESS_TOKEN_TTL_RANGE = { min: 1, max: 3600 };
export const REFRESH_TTL_RANGE = { min: 60, max: 31_536_000 };
export const ID_TOKEN_ALGORITHMS = ['RS256', 'ES256'] as const;
/** A short name, because the name of RFC 8693 has 47 characters. */
export const TOKEN_EXCHANGE_ALIAS = 'token-exchange';

/** The options of a client registration. */
export interface ClientRegistrationOptions extends ChangeOptions {
  readonly scope?: readonly string[];
  readonly grant?: readonly string[];
  readonly authMethod?: AuthMethod;
  readonly jwks?: string;
  readonly assertionAudience?: AssertionAudience;
  readonly name?: string;
  readonly redirectUri?: readonly string[];
  readonly postLogoutRedirectUri?: readonly string[];
  readonly backchannelLogoutUri?: string;
  readonly allowedOrigin?: readonly string[];
  readonly firstParty?: boolean;
  /** Without a value, true is `always` and false is `never-required`. Of several forms, the last one counts. */
  readonly pkce?: PkceRule | boolean;
  readonly idTokenAlgorithm?: (typeof ID_TOKEN_ALGORITHMS)[number];
  readonly subjectType?: SubjectType;
  readonly resourceServer?: string;
  readonly exchangeTarget?: readonly string[];
  readonly dpopBound?: boolean;
  readonly separateTokens?: boolean;
  readonly leanIdTokens?: boolean;
  readonly accessTokenTtl?: number;
  readonly refreshIdleTtl?: number;
  readonly refreshAbsoluteTtl?: number;
}

type Given<Values> = { readonly [Name in keyof Values]?: Exclude<Values[Name], undefined> };

function omitUndefined<Values extends object>(values: Values): Given<Values> {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Given<Values>;
}

/** The properties of a registration that the options set. The type demands every property. */
export async function readRegistrationOptions(options: ClientRegistrationOptions) {
  const { jwks, scope, authMethod, name, firstParty, idTokenAlgorithm, subjectType } = options;
  return omitUndefined({
    ...{ scope, authMethod, name, firstParty, idTokenAlgorithm, subjectType },
    grantTypes: options.grant,
    redirectUris: options.redirectUri,
    postLogoutRedirectUris: options.postLogoutRedirectUri,
    backchannelLogoutUri: options.backchannelLogoutUri,
    allowedOrigins: options.allowedOrigin,
    pkce: readPkceRule(options),
    jwks: jwks === undefined ? undefined : await readKeys(jwks),
    assertionAudience: options.assertionAudience,
    resourceServer: options.resourceServer,
    exchangeTargets: options.exchangeTarget,
    dpopBound: options.dpopBound,
    separateTokens: options.separateTokens,
    leanIdTokens: options.leanIdTokens,
    accessTokenTtl: options.accessTokenTtl,
    refreshIdleTtl: options.refreshIdleTtl,
    refreshAbsoluteTtl: options.refreshAbsoluteTtl,
  } satisfies Record<Exclude<keyof CompleteRegistration, 'id' | 'secretHashes'>, unknown>);
}

/** @returns undefined if no option names a rule */
export function readPkceRule({ pkce }: ClientRegistrationOptions): PkceRule | undefined {
  if (typeof pkce === 'boolean') return pkce ? 'always' : 'never-required';
  return pkce;
}

const readKeys = async (file: string): Promise<string> =>
  JSON.stringify(await readJsonFile(file, clientKeySetSchema));

/** A client that leaves `private_key_jwt` loses its keys. A client that becomes public needs PKCE. */
export const followAuthMethod = ({ authMethod }: { readonly authMethod?: AuthMethod }) => ({
  ...(authMethod !== undefined &&
    authMethod !== 'private_key_jwt' && { jwks: null, assertionAudience: 'issuer' as const }),
  ...(authMethod === 'none' && { pkce: 'always' as const }),
});
