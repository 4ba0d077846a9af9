/** What is measured in process, in a process of its own: `{ part, algorithm, plan }` comes in, the cells go out. */
import { measureGrowth } from './growth.mjs';
import { measureVerify } from './measure.mjs';
import { measureMemory } from './memory.mjs';

const PARTS = { verify: measureVerify, growth: measureGrowth, memory: measureMemory };

process.once('message', async ({ part, algorithm, plan }) => {
  const cells = await PARTS[part](plan, algorithm);
  process.send(cells, () => process.exit());
});
