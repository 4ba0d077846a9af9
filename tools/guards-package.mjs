/**
 * `node tools/guards-package.mjs`: packs libs/guards as npm would publish it, looks at what is in it, installs it into new
 * projects of each supported Nest, and uses it there: by import, by require, and with TypeScript.
 */
import { requireNode } from './node-version.mjs';

requireNode();
const { runTool } = await import('./terminal/failure.mjs');
const { checkPackage } = await import('./guards-package/check-package.mjs');

await runTool(checkPackage);
