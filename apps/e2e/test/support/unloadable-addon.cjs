// Preloaded by tests: better-sqlite3 finds no binary (ADDON=missing), or one that Node cannot load (ADDON=foreign), or the
// package itself is not there (ADDON=uninstalled).
const Module = require('node:module');

const resolveFilename = Module._resolveFilename;
Module._resolveFilename = function (request, ...rest) {
  const isWanted =
    process.env.ADDON === 'uninstalled' ? /(^|[\\/])better-sqlite3$/ : /better_sqlite3\.node$/;
  if (!isWanted.test(request)) return resolveFilename.call(this, request, ...rest);
  if (process.env.ADDON === 'foreign') return __filename.replace('.cjs', '.node');
  throw Object.assign(new Error(`Cannot find module '${request}'`), { code: 'MODULE_NOT_FOUND' });
};
if (process.env.ADDON === 'foreign') {
  Module._extensions['.node'] = (module) => process.dlopen(module, __filename);
}
