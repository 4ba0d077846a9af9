import preset from '../../tools/jest/preset.mjs';

/** A test may start several processes. */
export default { ...preset, testTimeout: 60_000 };
