const { TestEnvironment } = require('jest-environment-node');

/**
 * jwks-rsa is CommonJS and calls require('jose'), which is an ES module. Node can do that from 20.19, Jest's own
 * require only from Node 24.9. Until that is our floor, the sandbox is given the host's require for that one package.
 */
module.exports = class extends TestEnvironment {
  async setup() {
    await super.setup();
    this.global.hostRequire = require;
  }
};
