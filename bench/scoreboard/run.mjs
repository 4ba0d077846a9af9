/** `npm run scoreboard`: hostile tokens against these guards and their peers; writes bench/results/scoreboard.md. */
import { prepare } from '../prepare.mjs';

prepare();
// Imported late: before `prepare` the packages that it needs may not be there.
const { writeScoreboard } = await import('./scoreboard.mjs');
await writeScoreboard();
