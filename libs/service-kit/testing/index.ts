export { freePort } from './free-port.js';
export { TestClock } from './test-clock.js';
export { waitUntil } from './wait-until.js';
