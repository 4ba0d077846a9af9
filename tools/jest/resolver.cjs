const { existsSync } = require('node:fs');
const { resolve, sep } = require('node:path');

/** @param {string} name @param {string} folder */
const inPackage = (name, folder) => folder.includes(`${sep}node_modules${sep}${name}`);

/**
 * @param {string} request
 * @param {{ basedir: string, defaultResolver: (request: string, options: object) => string }} options
 */
module.exports = (request, options) => {
  if (request === 'jose' && inPackage('jwks-rsa', options.basedir)) {
    return require.resolve('./jose-for-jwks-rsa.cjs');
  }
  // Our sources import './x.js', as Node requires it, and the file is './x.ts'.
  if (/^\.{1,2}\/.*\.js$/.test(request) && !inPackage('', options.basedir)) {
    const source = resolve(options.basedir, request.replace(/\.js$/, '.ts'));
    if (existsSync(source)) return source;
  }
  return options.defaultResolver(request, options);
};
