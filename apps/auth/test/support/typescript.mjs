import { register } from 'node:module';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/**
 * Runs the sources as they are, in a process that is not Jest's: nest-commander is CommonJS and requires Nest, which is made
 * of ES modules. Node can do that and Jest cannot.
 */
register(import.meta.url);

const options = {
  configFile: fileURLToPath(new URL('../../../../tools/swc.json', import.meta.url)),
};

/** './x.js' is what Node wants to read in a source, and the file is './x.ts'. */
export async function resolve(specifier, context, next) {
  try {
    return await next(specifier, context);
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND' || !specifier.startsWith('.')) throw error;
    return next(specifier.replace(/\.js$/, '.ts'), context);
  }
}

export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context);
  const filename = fileURLToPath(url);
  const { transform } = await import('@swc/core');
  const { code } = await transform(await readFile(filename, 'utf8'), { ...options, filename });
  return { format: 'module', shortCircuit: true, source: code };
}
