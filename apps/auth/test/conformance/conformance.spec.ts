import { claimsModules } from './claims.modules.js';
import { codeFlowModules } from './code-flow.modules.js';
import { discoveryModules } from './discovery.modules.js';
import { loginModules } from './logins.modules.js';
import { logoutModules } from './logout.modules.js';
import { TestProvider } from './test-provider.js';
import { requestModules } from './requests.modules.js';

/**
 * The checks of the OpenID Foundation's conformance suite, each under the name of its module. docs/conformance.md explains how
 * to run the suite itself.
 */
let op: TestProvider;
const running = () => op;
beforeAll(async () => {
  op = await TestProvider.start();
});
afterAll(() => op.auth.stop());

describe('oidcc-config-certification-test-plan', () => discoveryModules(running));
describe('oidcc-basic-certification-test-plan', () => {
  codeFlowModules(running);
  claimsModules(running);
  requestModules(running);
  loginModules(running);
});
describe('oidcc-rp-initiated-logout-certification-test-plan', () => logoutModules(running));
