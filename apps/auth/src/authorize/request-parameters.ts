import { z } from 'zod';
import { OAuthError } from '../oauth-errors/oauth-error.js';
import { PROMPTS, RESPONSE_MODES } from './authorization-request.js';

/** No control characters: nothing of an authorization request is text of several lines, and a database may not take them. */
const text = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u);

const prompt = text(100)
  .transform((words) => words.split(' '))
  .pipe(z.array(z.enum(PROMPTS)))
  .transform((prompts) => new Set(prompts))
  // "If this parameter contains none with any other value, an error is returned."
  .refine((prompts) => !prompts.has('none') || prompts.size === 1);

/** What may stand in the parameters, one by one (OpenID Connect Core §3.1.2.1). */
const requestParameters = z.object({
  response_mode: z.enum(RESPONSE_MODES).default('query'),
  scope: text(2000).optional(),
  state: text(2000).optional(),
  nonce: text(1000).optional(),
  prompt: prompt.default(new Set()),
  max_age: z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number)
    .optional(),
  resource: text(2000)
    .transform((uris) => uris.split(' '))
    .default([]),
  // RFC 9449 §10: a SHA-256 thumbprint.
  dpop_jkt: z
    .string()
    .regex(/^[\w-]{43}$/)
    .optional(),
  id_token_hint: text(4000).optional(),
  claims: text(2000).optional(),
  // These have no effect on the answer.
  acr_values: text(500).optional(),
  login_hint: text(500).optional(),
  ui_locales: text(500).optional(),
});
export type RequestParameters = Readonly<z.infer<typeof requestParameters>>;

/** @throws {OAuthError} `invalid_request` that names what is wrong */
export function requestParametersOf(sent: object): RequestParameters {
  const { success, data, error } = requestParameters.safeParse(sent);
  if (success) return data;
  const names = new Set(error.issues.map(({ path }) => String(path[0])));
  throw OAuthError.invalidRequest(`Malformed: ${[...names].join(', ')}.`);
}
