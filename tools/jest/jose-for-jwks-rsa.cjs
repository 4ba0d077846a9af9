module.exports = globalThis.hostRequire('jose');
