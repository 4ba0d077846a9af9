import { servePage } from '../browser-page.mjs';

const at = (path) => new URL(path, import.meta.url);
servePage({
  '/page.mjs': at('page.mjs'),
  '/browser-steps.mjs': at('../browser-steps.mjs'),
  '/oauth4webapi.mjs': at('../node_modules/oauth4webapi/build/index.js'),
});
