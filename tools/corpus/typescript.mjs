/** Imported first: from then on Node reads our TypeScript sources, so that nothing has to be built before. */
import { register } from 'node:module';

register('./typescript-hooks.mjs', import.meta.url);
