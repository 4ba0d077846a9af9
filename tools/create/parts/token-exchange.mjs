import { dropBlock, dropLines, dropSection, dropTests, replaceText } from '../edits.mjs';

const AUTH = 'apps/auth';
const FLOWS = `${AUTH}/test/flows`;
const TOKENS = `${AUTH}/src/oauth/token`;
/** In the description of `grant_type`. */
const NAME = ', `urn:ietf:params:oauth:grant-type:token-exchange`';

/** @type {import('../parts.mjs').Part} */
export const part = {
  title: 'Token exchange (RFC 8693), with which the sample orders calls billing for a user',
  needs: ['orders', 'billing'],
  paths: [`${FLOWS}/*token-exchange.spec.ts`, `${TOKENS}/token-exchange.grant.ts`],
  edits: [
    dropLines(`${AUTH}/src/oauth/oauth.module.ts`, /TokenExchangeGrant/),
    dropLines(`${TOKENS}/token.controller.ts`, /[tT]okenExchange/),
    dropLines(`${TOKENS}/token.schema.ts`, /^ {2}TOKEN_EXCHANGE,/),
    replaceText(`${TOKENS}/token.schema.ts`, 'type Client, TOKEN_EXCHANGE }', 'type Client }'),
    replaceText(`${TOKENS}/token.schema.ts`, 'import { type Client }', 'import type { Client }'),
    replaceText(`${AUTH}/openapi.json`, NAME, ''),
    replaceText('apps/e2e/src/contracts/auth.ts', NAME, ''),
    dropSection('docs/clients.md', '## Token exchange'),
    replaceText(
      'docs/clients.md',
      /\n\n# A resource server that calls another one [^]*?(?=\n```)/,
      '',
    ),
    replaceText('docs/clients.md', '`refresh_token`, `token-exchange`', '`refresh_token`'),
    replaceText(
      'docs/flows/order-to-invoice.md',
      "[exchanges the user's token](../clients.md#token-exchange)",
      "exchanges the user's token",
    ),
    ...tests(),
  ],
};

/** Clients that are registered for the grant stay in the tests: registration knows it, and nothing serves it. */
function tests() {
  const roles = `${FLOWS}/roles.spec.ts`;
  const errors = `${FLOWS}/error-descriptions.spec.ts`;
  return [
    replaceText(`${FLOWS}/attacks.spec.ts`, /\n {4}\[\n {6}'a token exchange',[^]*?\n {4}\],/, ''),
    dropLines(`${FLOWS}/attacks.spec.ts`, /const ACCESS_TOKEN/),
    dropTests(`${FLOWS}/client-updates.slow.spec.ts`, 'leaves a removed scope out of a token'),
    dropTests(`${FLOWS}/demo-orders.spec.ts`, 'lets orders call billing'),
    replaceText(
      `${FLOWS}/discovery.spec.ts`,
      /grant_types_supported: \[[^\]]*\]/,
      "grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials']",
    ),
    replaceText(errors, /\n {4}\[\n {6}'unauthorized_client',\n {6}`This client[^]*?\n {4}\],/, ''),
    replaceText(
      errors,
      /\n {4}\[\n {6}'invalid_request',\n {6}`subject_token_type[^]*?(?=\n {2}\]\)\()/,
      '',
    ),
    dropLines(errors, /const (EXCHANGE|NO_SUBJECT|ACCESS_TOKEN) =/),
    dropTests(`${FLOWS}/introspection.spec.ts`, 'returns the actor'),
    dropLines(`${FLOWS}/requested-resources.spec.ts`, /, atExchange, /),
    dropBlock(`${FLOWS}/requested-resources.spec.ts`, /const atExchange =/, /^ {2}\};/),
    dropTests(`${FLOWS}/revocation.spec.ts`, 'rejects a token that has no session'),
    dropTests(`${FLOWS}/role-claims.spec.ts`, 'a token exchange (RFC 8693)'),
    dropBlock(`${FLOWS}/role-claims.spec.ts`, /const exchange =/, /^ {2}\};/),
    dropBlock(`${FLOWS}/role-claims.spec.ts`, /const EXCHANGE =/, /^\};/),
    dropTests(roles, 'puts access tokens without a refresh token'),
    dropLines(roles, /'token exchange', '|const ACCESS_TOKEN/),
    replaceText(roles, /\n {6}\[\n {8}'accounting',\n {8}'token exchange',[^]*?\n {6}\],/, ''),
    dropBlock(roles, /^ {6}'token exchange': async/, /^ {6}\},/),
    dropBlock(roles, /const exchange =/, /^ {4}\);/),
    dropTests(`${FLOWS}/sign-in-tokens.spec.ts`, 'lets the API introspect and exchange'),
    dropLines(`${FLOWS}/sign-in-tokens.spec.ts`, /^ {2}toBasicAuthorization,/),
    dropBlock(`${FLOWS}/sign-in-tokens.spec.ts`, /const EXCHANGE =/, /^\};/),
    dropTests(`${FLOWS}/strangers-and-limits.slow.spec.ts`, 'exchanges tokens of users while'),
  ];
}
