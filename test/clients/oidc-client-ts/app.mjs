import { servePage } from '../browser-page.mjs';

const at = (path) => new URL(path, import.meta.url);
servePage({
  '/page.mjs': at('page.mjs'),
  '/browser-steps.mjs': at('../browser-steps.mjs'),
  '/oidc-client-ts.mjs': at('../node_modules/oidc-client-ts/dist/esm/oidc-client-ts.js'),
  '/jwt-decode.mjs': at('../node_modules/jwt-decode/build/esm/index.js'),
});
