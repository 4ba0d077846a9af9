export { AnswerWatch, findHeaderFaults } from './answer-watch.js';
export { freePort } from './free-port.js';
export {
  type FilledForm,
  findForm,
  type FormChoice,
  readResponse,
  TestBrowser,
  type TestResponse,
} from './test-browser.js';
export { TestClock } from './test-clock.js';
export { waitUntil } from './wait-until.js';
