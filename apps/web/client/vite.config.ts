import { defineConfig } from 'vite';

/** `vite build client` in apps/web writes the client to apps/web/dist/client. */
export default defineConfig({
  root: import.meta.dirname,
  // The page is the same at each address of the client.
  base: '/',
  publicDir: false,
  logLevel: 'warn',
  build: {
    outDir: '../dist/client',
    emptyOutDir: true,
    // A picture or a script in the HTML would need `data:` or `unsafe-inline` in the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
  },
});
