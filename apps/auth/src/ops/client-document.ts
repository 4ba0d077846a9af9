import { z } from 'zod';
import {
  ASSERTION_AUDIENCES,
  AUTH_METHODS,
  type AuthMethod,
  type Client,
  defaultPkceRule,
  GRANT_TYPES,
  PKCE_RULES,
  type PkceRule,
  SUBJECT_TYPES,
  TOKEN_EXCHANGE,
} from '../clients/client.entity.js';
import {
  type CompleteRegistration,
  defaultGrantTypes,
  findRegistrationFaults,
  getRegistration,
  REGISTRATION_DEFAULTS,
} from '../clients/client-registration.js';
import { clientKeySetSchema } from '../clients/registered-credentials.js';
import {
  ACCESS_TOKEN_TTL_RANGE,
  ID_TOKEN_ALGORITHMS,
  REFRESH_TTL_RANGE,
  TOKEN_EXCHANGE_ALIAS,
} from './client-options.js';
import { UsageError } from './errors.js';
import { parseJson } from './option-parsers.js';

const MAX_CLIENTS = 1_000;

const words = z.array(z.string().regex(/^\S+$/, 'must not be empty or have spaces'));
const seconds = ({ min, max }: { min: number; max: number }) =>
  z.int().min(min).max(max).nullable().default(null);
const keys = clientKeySetSchema.transform((keySet) => JSON.stringify(keySet));

/** One client as `clients show --json` prints it and `clients apply` reads it. A property that is absent has its default. */
const clientDocument = z
  .strictObject({
    id: z.string(),
    name: z.string().max(100).default(REGISTRATION_DEFAULTS.name),
    authMethod: z.enum(AUTH_METHODS).default('client_secret_basic'),
    grantTypes: z
      .array(
        z
          .enum([...GRANT_TYPES, TOKEN_EXCHANGE_ALIAS])
          .transform((word) => (word === TOKEN_EXCHANGE_ALIAS ? TOKEN_EXCHANGE : word)),
      )
      .optional(),
    scope: z
      .union([z.string().transform((text) => text.split(/[\s,]+/).filter(Boolean)), words])
      .default([]),
    redirectUris: words.default([]),
    postLogoutRedirectUris: words.default([]),
    backchannelLogoutUri: z.string().nullable().default(null),
    allowedOrigins: words.default([]),
    pkce: z.enum(PKCE_RULES).optional(),
    /** Of documents of earlier versions, without `pkce`. */
    requirePkce: z.boolean().optional(),
    firstParty: z.boolean().default(REGISTRATION_DEFAULTS.firstParty),
    idTokenAlgorithm: z.enum(ID_TOKEN_ALGORITHMS).nullable().default(null),
    subjectType: z.enum(SUBJECT_TYPES).default(REGISTRATION_DEFAULTS.subjectType),
    jwks: keys.nullable().default(null),
    assertionAudience: z.enum(ASSERTION_AUDIENCES).default('issuer'),
    resourceServer: z.string().nullable().default(null),
    exchangeTargets: words.default([]),
    dpopBound: z.boolean().default(REGISTRATION_DEFAULTS.dpopBound),
    separateTokens: z.boolean().default(REGISTRATION_DEFAULTS.separateTokens),
    leanIdTokens: z.boolean().default(REGISTRATION_DEFAULTS.leanIdTokens),
    accessTokenTtl: seconds(ACCESS_TOKEN_TTL_RANGE),
    refreshIdleTtl: seconds(REFRESH_TTL_RANGE),
    refreshAbsoluteTtl: seconds(REFRESH_TTL_RANGE),
    // The server sets these, so a document that `clients show` printed may have them.
    secrets: z.unknown().optional(),
    createdAt: z.unknown().optional(),
    disabledAt: z.unknown().optional(),
  })
  .refine(({ pkce, requirePkce }) => pkce === undefined || requirePkce === undefined, {
    path: ['requirePkce'],
    message: 'is the former form of pkce: give pkce only',
  })
  .transform(({ secrets, createdAt, disabledAt, requirePkce, ...client }): CompleteRegistration => {
    const { grantTypes = defaultGrantTypes(client), pkce = readFormerRule(client, requirePkce) } =
      client;
    return { ...client, grantTypes, pkce, secretHashes: [] };
  });

function readFormerRule(
  { authMethod }: { readonly authMethod: AuthMethod },
  requirePkce: boolean | undefined,
): PkceRule {
  if (requirePkce === undefined) return defaultPkceRule(authMethod);
  return requirePkce ? 'always' : 'never-required';
}

/**
 * Reads `{ "clients": [ … ] }`, a list of clients, or one client.
 *
 * @throws {UsageError} that names all faults. The message never repeats a value of the document.
 */
export function parseClientDocuments(text: string, file: string): readonly CompleteRegistration[] {
  const documents = findDocuments(parseJson(text));
  if (documents.length === 0 || documents.length > MAX_CLIENTS) {
    throw new UsageError(`${file} is not JSON with 1 to ${MAX_CLIENTS} clients`);
  }
  const registrations: CompleteRegistration[] = [];
  const faults: string[] = [];
  documents.forEach((document, n) => {
    const { data, error } = clientDocument.safeParse(document);
    const found = data
      ? findRegistrationFaults(data)
      : error.issues.map(({ path, message }) => `${path.join('.')} ${message}`.trim());
    const name = data ? `clients[${n}] (${data.id})` : `clients[${n}]`;
    faults.push(...found.map((fault) => `${name}: ${fault}`));
    if (data && registrations.some(({ id }) => id === data.id))
      faults.push(`${name}: is there twice`);
    if (data) registrations.push(data);
  });
  if (faults.length > 0) throw new UsageError(listFaults(`${file} is not valid`, faults));
  return registrations;
}

/** One line for one fault; a list for more. */
export const listFaults = (subject: string, faults: readonly string[]): string =>
  faults.length === 1 ? `${subject}: ${faults[0]}` : [`${subject}:`, ...faults].join('\n  ');

function findDocuments(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (typeof value !== 'object' || value === null) return [];
  return 'clients' in value && Array.isArray(value.clients) ? value.clients : [value];
}

/** The document of a client, with what the server knows about it. */
export function toDocument(client: Client) {
  const { secretHashes, jwks, ...registration } = getRegistration(client);
  return {
    ...registration,
    jwks: parseKeySet(jwks),
    secrets: secretHashes.length,
    createdAt: client.createdAt,
    disabledAt: client.disabledAt,
  };
}

export const parseKeySet = (jwks: string | null) =>
  jwks === null ? null : clientKeySetSchema.parse(JSON.parse(jwks));
