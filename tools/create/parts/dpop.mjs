import {
  dropBlock,
  dropJson,
  dropLines,
  dropSection,
  dropSettings,
  dropTests,
  replaceText,
} from '../edits.mjs';

const AUTH = 'apps/auth';
const E2E = 'apps/e2e';
const GUARDS = 'libs/guards';
const ORDERS = 'apps/orders';

const TOKENS = `${AUTH}/src/oauth/token/token.controller.ts`;
const APP = `${ORDERS}/src/app.module.ts`;

/** @type {import('../parts.mjs').Part} */
export const part = {
  title: 'DPoP-bound access tokens (RFC 9449), and the partner API of orders',
  paths: [
    `${AUTH}/src/oauth/token/dpop-proof.guard.ts`,
    `${AUTH}/src/tokens/dpop.policy.ts`,
    `${AUTH}/test/flows/dpop*.spec.ts`,
    `${AUTH}/test/support/test-dpop-client.ts`,
    `${E2E}/test/samples/partner-api.slow.spec.ts`,
    `${E2E}/test/support/partner-backend.ts`,
    `${ORDERS}/src/used-proofs`,
    `${ORDERS}/test/flows/bound-tokens.spec.ts`,
    `${ORDERS}/test/flows/used-proofs.spec.ts`,
    ...['docs/recipes/partner-api.md', 'docs/recipes/single-page-app.md'],
    ...['docs/recipes/single-page-app', `${E2E}/test/samples/single-page-app.slow.spec.ts`],
    `${GUARDS}/docs/dpop.md`,
    `${GUARDS}/src/dpop`,
    `${GUARDS}/test/conformance/ed25519-proofs.spec.ts`,
    `${GUARDS}/test/conformance/hostile-proofs.spec.ts`,
    `${GUARDS}/test/flows/*/dpop-proofs.slow.spec.ts`,
    `${GUARDS}/test/flows/dpop`,
    `${GUARDS}/test/flows/passport/bound-tokens.spec.ts`,
    `${GUARDS}/test/support/dpop-app.ts`,
    `${GUARDS}/test/units/dpop-*.spec.ts`,
    `${GUARDS}/test/units/target-uri.property.slow.spec.ts`,
    `${GUARDS}/testing/corpus/cases/dpop.ts`,
    `${GUARDS}/testing/corpus/cases/proof-form.ts`,
  ],
  edits: [...guards(), ...auth(), ...orders()],
};

function guards() {
  return [
    dropJson(`${GUARDS}/package.json`, ['exports', './dpop'], ['keywords', 'dpop']),
    dropLines(`${GUARDS}/src/parts.ts`, /dpop/),
    dropLines(`${GUARDS}/src/index.ts`, /\/dpop\//),
    dropLines(`${GUARDS}/testing/corpus/corpus.ts`, /\bdpop\b/),
    dropSection(`${GUARDS}/docs/options.md`, '## Of the part `dpop`'),
    dropLines('tools/docs/guards-options.mjs', /DpopOptions/),
    dropLines('tools/guards-copy/parts.mjs', /^ {2}dpop:/),
    dropLines(`${GUARDS}/test/units/answer-headers.property.spec.ts`, /ProofsUnavailable|dpop: /),
    dropLines(`${GUARDS}/test/flows/passport/hostile-tokens.slow.spec.ts`, /dpop/),
    dropTests(`${GUARDS}/test/flows/introspection/guards.spec.ts`, 'and passes with one'),
    dropLines(`${GUARDS}/test/flows/introspection/guards.spec.ts`, /DpopClient/),
  ];
}

/**
 * The columns of keys stay, because migrations are never edited, and so does the code that compares them: without proofs, what is
 * bound to a key is refused.
 */
function auth() {
  return [
    replaceText(TOKENS, ', DpopProofGuard)', ')'),
    dropLines(TOKENS, /dpop-proof|ProofHeader/),
    dropLines(`${AUTH}/src/oauth/oauth.module.ts`, /ProofVerifier|DpopProofGuard/),
    dropLines(`${AUTH}/src/oauth/discovery.controller.ts`, /9449|PROOF_ALGORITHMS/),
    dropLines(`${AUTH}/src/tokens/tokens.module.ts`, /DpopPolicy/),
    replaceText(`${AUTH}/src/tokens/guards.options.ts`, ', DpopPolicy]', ']'),
    replaceText(`${AUTH}/src/tokens/guards.options.ts`, 'clock, { dpop })', 'clock)'),
    dropLines(`${AUTH}/src/tokens/guards.options.ts`, /DpopPolicy|^ +dpop,/),
    dropBlock(`${AUTH}/src/auth.config.ts`, /DPOP_NONCE_TTL/, /^ {2}\),/),
    ...['--dpop-bound', '--no-dpop-bound'].map((flag) =>
      dropBlock(
        `${AUTH}/src/ops/client-registration.command.ts`,
        new RegExp(`flags: '${flag}'`),
        /^ {2}\}/,
      ),
    ),
    dropLines('docs/clients.md', /`--dpop-bound`/),
    ...dropSettings('DPOP_NONCE_TTL'),
    replaceText(`${AUTH}/openapi.json`, /\[\s*\{\s*"name": "DPoP",[^\]]*\]/, '[]'),
    replaceText(
      `${E2E}/src/contracts/auth.ts`,
      /header\?: \{\n[^}]*DPoP\?: string;\n\s*\};/,
      'header?: never;',
    ),
    ...authTests(),
  ];
}

function authTests() {
  const flows = `${AUTH}/test/flows`;
  return [
    dropLines(`${flows}/discovery.spec.ts`, /dpop_signing/),
    replaceText(`${flows}/any-input.slow.spec.ts`, "DPOP_NONCE_TTL: '0', ", ''),
    dropLines(`${flows}/any-input.slow.spec.ts`, /^ {2}toBasicAuthorization,/),
    dropTests(`${flows}/any-input.slow.spec.ts`, 'any content of a signed DPoP proof'),
    dropTests(
      `${flows}/userinfo.spec.ts`,
      'asks for a proof if the token',
      'answers a bound token of a sign-in',
    ),
    dropLines(`${flows}/userinfo.spec.ts`, /TestDpopClient|'DPoP x'/),
    replaceText(`${flows}/ops-clients.spec.ts`, ", '--dpop-bound'", ''),
    dropLines(`${flows}/ops-clients.spec.ts`, /dpopBound/),
  ];
}

function orders() {
  return [
    dropLines(APP, /used-proofs\/|UsedProofsModule\]|createDpopOptions/),
    replaceText(APP, ', UsedProofRepository]', ']'),
    replaceText(APP, ', usedProofs: UsedProofRepository)', ')'),
    dropBlock(`${ORDERS}/src/orders.config.ts`, /^ {2}PUBLIC_URL/, /^ {4}\),/),
    ...dropSettings('PUBLIC_URL'),
    dropLines(`${E2E}/test/samples/corpus.spec.ts`, /const bound =/),
    replaceText(`${E2E}/test/samples/corpus.spec.ts`, ', ...bound', ''),
    replaceText(`${E2E}/test/samples/corpus.spec.ts`, 'more than 300', 'more than 100'),
  ];
}
