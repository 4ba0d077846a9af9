import { servePage } from '../browser-page.mjs';

const at = (path) => new URL(path, import.meta.url);
servePage({
  '/page.mjs': at('page.mjs'),
  '/browser-steps.mjs': at('../browser-steps.mjs'),
  '/oidc-client.mjs': at('../node_modules/@axa-fr/oidc-client/dist/index.js'),
});
