const { TestEnvironment } = require('jest-environment-node');

/**
 * jwks-rsa is CommonJS and calls require('jose'), which is an ES module. Node can do that from 20.19 on, Jest's own require
 * only from Node 24.9 on. Until that is our minimum, the sandbox gets the require of the host for that one package.
 */
module.exports = class extends TestEnvironment {
  /** @override */
  async setup() {
    await super.setup();
    Object.assign(this.global, { hostRequire: require });
    renewSqliteErrors();
  }
};

/** better-sqlite3 takes its class of errors from the first file that opens a database in this process. Each file has its own `Error`. */
function renewSqliteErrors() {
  const name = Object.keys(require.cache).find((file) => file.endsWith('better_sqlite3.node'));
  if (name) Object.assign(require(name), { isInitialized: false });
}
