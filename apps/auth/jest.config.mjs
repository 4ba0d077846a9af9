import preset from '../../tools/jest/preset.mjs';

/** Most of a flow is waiting: for a database, for a hash in another thread. Two files share two cores well. */
export default { ...preset, maxWorkers: 2 };
