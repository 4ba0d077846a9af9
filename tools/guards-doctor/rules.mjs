/** @typedef {{ node: import('typescript').Node, rule: string, words: string[] }} Finding */
/** @typedef {'error' | 'warning' | 'note'} Severity */

/** Severity, name, reason and advice of each rule. `$1` and `$2` are words of the finding. */
const TABLE = `
error ignored-option: passport-jwt ignores "$1" in jsonWebTokenOptions, so it checks nothing
  → move it to the top level of the options
error unknown-option: "$1" is no option of passport-jwt at this place, so it checks nothing
  → $2
error missing-algorithms: no "algorithms": a token may use each algorithm that fits the key
  → set it, such as algorithms: ['RS256']
error missing-audience: no "audience": tokens of the issuer for other APIs are accepted
  → set it to the identifier of this API
error missing-issuer: no "issuer": tokens of another issuer are accepted if a key fits
  → set it to the value of "iss"
warning unset-option: passport-jwt does not check "$1" while $2 is not set
  → stop the start without the variable
error ignore-expiration: expired tokens are accepted
  → remove ignoreExpiration
error secret-in-source: the secret is in the source: each reader can issue tokens
  → read it from the environment, without a default
warning shared-secret: HS256: each service that can verify a token can also issue one
  → use an issuer with a key set, and GuardsModule
error token-in-query: the token is read from the query, and addresses are logged (RFC 9700 §4.3.2)
  → read the header Authorization
warning token-in-body: the token is read from the body, which is allowed for forms only (RFC 6750 §2.2)
  → read the header Authorization
warning token-in-cookie: the token is read from a cookie, which browsers send with requests of other sites
  → read the header Authorization, or check for CSRF
error key-set-over-http: an attacker in the network can replace the keys
  → use https
warning key-set-requests: jwks-rsa without $1: a token with an unknown kid causes a request to the issuer
  → set it; GuardsModule bounds these requests
warning loose-verify: a request is decided without $1: other tokens of this key pass, such as refresh tokens
  → pass $1 to verify(), or use GuardsModule
error decode-in-guard: decode() does not verify the signature: clients can write these claims
  → call verify(), or use GuardsModule
warning decode-without-verify: decode() does not verify the signature: clients can write these claims
  → read the verified token instead
warning guard-lets-pass: $1.handleRequest() lets requests without a valid token pass
  → throw without a user, or call the guard Optional…
warning user-overwritten: $1 sets request.user, which GuardsModule also sets: the later guard wins
  → read @AccessToken(), and set the option user of GuardsModule
note two-global-guards: $1 also authenticates each request; the later guard sets request.user
  → remove it when each handler has an access decorator
warning no-guard: no handler of this service has a guard ($1 handlers)
  → add GuardsModule.forRoot(…): it reports each open handler at the start
error unguarded-write: $1 (@$2) has no guard, and no global guard authenticates
  → add @UseGuards(…) or @RequireScopes(…), or mark it with @Public()
warning unguarded-read: $1 (@$2) has no guard, and no global guard authenticates
  → add @UseGuards(…) or @RequireScopes(…), or mark it with @Public()
error unguarded-gateway: $1 has no guard, and global guards do not reach gateways
  → add @GuardedGateway() with webSocketTransport(), or @UseGuards(…)
warning gateway-checks-once: $1 has no guard: messages pass after the token of the connection has expired
  → add @GuardedGateway() with webSocketTransport()
error unguarded-message: $1 has no guard, and $2
  → add @GuardedMessages() with microserviceTransport(), or @UseGuards(…)
`;

/** @type {Map<string, { severity: Severity, text: string, advice: string }>} */
export const RULES = new Map(
  [...TABLE.matchAll(/^(\w+) ([\w-]+): (.+)\n {2}→ (.+)$/gm)].map(
    ([, severity, rule, text, advice]) => [
      rule,
      { severity: /** @type {Severity} */ (severity), text, advice },
    ],
  ),
);

/** @param {import('typescript').Node} node @param {string} rule @param {string[]} words @returns {Finding} */
export function finding(node, rule, ...words) {
  return { node, rule, words };
}

/** @param {string} text @param {string[]} words */
export function fill(text, words) {
  return text.replace(/\$(\d)/g, (_all, at) => words[Number(at) - 1] ?? '');
}
