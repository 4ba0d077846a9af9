import preset from '../../tools/jest/preset.mjs';

/**
 * Most of a flow is waiting (for a database, for a hash in another thread): two files share two cores well. Native modules of
 * a file that is over are never freed, so a worker that has grown is replaced.
 */
export default { ...preset, maxWorkers: 2, workerIdleMemoryLimit: '1GB' };
