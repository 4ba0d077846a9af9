import { z } from 'zod';
import { OAuthError } from '../../platform/oauth-error.js';
import { splitWords } from '../../platform/request-text.js';
import { type Prompt, PROMPTS, RESPONSE_MODES } from './authorization-request.js';

/** Parameters of an authorization request that this server reads (RFC 6749 §4.1.1 and its extensions). */
const SUPPORTED_PARAMETERS = [
  'client_id',
  'redirect_uri',
  'response_type',
  'response_mode',
  'scope',
  'state',
  'resource',
  'nonce',
  'code_challenge',
  'code_challenge_method',
  'dpop_jkt',
  'prompt',
  'max_age',
  'login_hint',
  'id_token_hint',
  'acr_values',
  'claims',
  'ui_locales',
  'request',
  'request_uri',
  'registration',
] as const;

type ParameterName = (typeof SUPPORTED_PARAMETERS)[number];

/** One text per parameter. Several `resource` values are separated by spaces. */
export type AuthorizationParameters = Readonly<Partial<Record<ParameterName, string>>>;

/** The parameters of a request, without the repeated ones, and the names of the repeated ones. */
export interface SentParameters {
  readonly parameters: AuthorizationParameters;
  readonly repeated: readonly ParameterName[];
}

/**
 * "Parameters sent without a value MUST be treated as if they were omitted …, [they] MUST NOT be included more than once"
 * (RFC 6749 §3.1), `resource` excepted (RFC 8707 §2). "The authorization server MUST ignore unrecognized request parameters."
 *
 * @param sent a parsed query or form, in which a repeated parameter is an array
 */
export function readParameters(sent: Readonly<Record<string, unknown>>): SentParameters {
  const parameters: Partial<Record<ParameterName, string>> = {};
  const repeated: ParameterName[] = [];
  for (const name of SUPPORTED_PARAMETERS) {
    const values = [name, ...(ALIASES[name] ?? [])].flatMap((word) => readValues(sent, word));
    if (values.length > 1 && name !== 'resource') repeated.push(name);
    else if (values.length > 0 && isUsable(name, values)) parameters[name] = values.join(' ');
  }
  return { parameters, repeated };
}

/** Characters that the server reads of parameters which it need not understand. */
const MAX_HINT_LENGTHS: Readonly<Partial<Record<ParameterName, number>>> = {
  acr_values: 500,
  id_token_hint: 4000,
  login_hint: 500,
  ui_locales: 500,
};

const CONTROL_CHARACTERS = /[\p{Cc}\p{Cs}]/u;

/** An unusable hint counts as no hint, so that it never makes the answer worse. */
function isUsable(name: ParameterName, [value = '']: readonly string[]): boolean {
  const max = MAX_HINT_LENGTHS[name];
  return max === undefined || (value.length <= max && !CONTROL_CHARACTERS.test(value));
}

/** Some client libraries call the resource server the audience. Ignoring it would issue a token for another one. */
const ALIASES: Readonly<Partial<Record<ParameterName, readonly string[]>>> = {
  resource: ['audience'],
};

/** The server compares or returns these as sent. Blanks at the ends of other parameters are ignored. */
const EXACT_PARAMETERS: readonly string[] = ['redirect_uri', 'state', 'nonce'];

function readValues(sent: Readonly<Record<string, unknown>>, name: string): readonly string[] {
  const values = Object.hasOwn(sent, name) ? [sent[name]].flat() : [];
  const texts = values.filter((value) => typeof value === 'string');
  return texts
    .map((text) => (EXACT_PARAMETERS.includes(name) ? text : text.trim()))
    .filter((text) => text !== '');
}

/** Text without control characters, because no parameter has several lines and PostgreSQL rejects NUL. */
const singleLineText = (max: number) =>
  z
    .string()
    .max(max, `is longer than ${max} characters`)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'has control characters');

/** A list of words that spaces separate. */
const wordList = (max: number) =>
  z
    .string()
    .transform((text) => splitWords(text).join(' '))
    .pipe(singleLineText(max));

const isPrompt = (word: string): word is Prompt => PROMPTS.some((prompt) => prompt === word);

const promptSchema = wordList(200)
  .transform((text) => splitWords(text))
  .refine((words) => words.every(isPrompt), `must be one of ${PROMPTS.join(', ')}`)
  .transform((words) => new Set(words.filter(isPrompt)))
  // "If this parameter contains none with any other value, an error is returned."
  .refine((prompts) => !prompts.has('none') || prompts.size === 1, 'none allows no other value');

/** The allowed values of each parameter (OpenID Connect Core §3.1.2.1). A message is the end of a sentence. */
const parametersSchema = z.object({
  response_mode: z.enum(RESPONSE_MODES, `must be ${RESPONSE_MODES.join(' or ')}`).default('query'),
  scope: wordList(2000).optional(),
  state: singleLineText(4096).optional(),
  nonce: singleLineText(4096).optional(),
  prompt: promptSchema.default(new Set()),
  max_age: z
    .string()
    .regex(/^\d{1,9}$/, 'must be a whole number of seconds')
    .transform(Number)
    .optional(),
  resource: wordList(2000)
    .transform((uris) => splitWords(uris))
    .default([]),
  // RFC 9449 §10: a SHA-256 thumbprint.
  dpop_jkt: z
    .string()
    .regex(/^[\w-]{43}$/, 'must be a SHA-256 thumbprint in base64url')
    .optional(),
  id_token_hint: z.string().optional(),
  claims: singleLineText(2000).optional(),
});
export type ValidatedParameters = Readonly<z.infer<typeof parametersSchema>>;

/** @throws {OAuthError} `invalid_request` with the name and the fault of each parameter */
export function validateParameters(sent: AuthorizationParameters): ValidatedParameters {
  const { success, data, error } = parametersSchema.safeParse(sent);
  if (success) return data;
  const faults = new Map(error.issues.map(({ path, message }) => [String(path[0]), message]));
  const texts = [...faults].map(([parameter, message]) => `${parameter} ${message}`);
  const presented = SUPPORTED_PARAMETERS.find((parameter) => faults.has(parameter));
  throw OAuthError.invalidRequest(`${texts.join('; ')}.`, {
    presented: presented && sent[presented],
  });
}
