// Preloaded by tests: better-sqlite3 finds no binary (ADDON=missing), or one that Node cannot load (ADDON=foreign).
const Module = require('node:module');

const resolveFilename = Module._resolveFilename;
Module._resolveFilename = function (request, ...rest) {
  if (!request.endsWith('better_sqlite3.node')) return resolveFilename.call(this, request, ...rest);
  if (process.env.ADDON === 'foreign') return __filename.replace('.cjs', '.node');
  throw Object.assign(new Error(`Cannot find module '${request}'`), { code: 'MODULE_NOT_FOUND' });
};
if (process.env.ADDON === 'foreign') {
  Module._extensions['.node'] = (module) => process.dlopen(module, __filename);
}
