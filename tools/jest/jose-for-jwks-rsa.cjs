const { hostRequire } = /** @type {any} */ (globalThis);
module.exports = hostRequire('jose');
