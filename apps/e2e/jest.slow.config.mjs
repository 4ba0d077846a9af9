import preset from '../../tools/jest/preset.mjs';
import { SLOW } from './jest.config.mjs';

/** One file at a time, because the tests measure. */
export default { ...preset, testMatch: SLOW, testTimeout: 60_000, maxWorkers: 1 };
