import preset from '../../tools/jest/preset.mjs';
import { SLOW } from './jest.config.mjs';

/** One after the other: what they count and measure is their own doing. */
export default { ...preset, testMatch: SLOW, testTimeout: 60_000, maxWorkers: 1 };
