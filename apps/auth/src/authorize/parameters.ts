/** Parameters of an authorization request that mean something here (RFC 6749 §4.1.1 and its extensions). */
const KNOWN = [
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

type Name = (typeof KNOWN)[number];

/** One text each; several resources are apart by spaces. */
export type Parameters = Readonly<Partial<Record<Name, string>>>;

/** What came, and which parameters came more than once: those are left out. */
export interface SentParameters {
  readonly parameters: Parameters;
  readonly repeated: readonly Name[];
}

/**
 * "Parameters sent without a value MUST be treated as if they were omitted …, [they] MUST NOT be included more than once"
 * (RFC 6749 §3.1), `resource` excepted (RFC 8707 §2). "The authorization server MUST ignore unrecognized request parameters."
 *
 * @param sent a query or a form: what is sent twice is an array
 */
export function parametersOf(sent: Readonly<Record<string, unknown>>): SentParameters {
  const parameters: Partial<Record<Name, string>> = {};
  const repeated: Name[] = [];
  for (const name of KNOWN) {
    const values = valuesOf(sent, name);
    if (values.length > 1 && name !== 'resource') repeated.push(name);
    else if (values.length > 0) parameters[name] = values.join(' ');
  }
  return { parameters, repeated };
}

function valuesOf(sent: Readonly<Record<string, unknown>>, name: string): readonly string[] {
  const values = Object.hasOwn(sent, name) ? [sent[name]].flat() : [];
  return values.filter((value): value is string => typeof value === 'string' && value !== '');
}
