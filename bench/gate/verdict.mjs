/** What the gate makes of its ratios: pure, so that tests can show every case. */

/** A work may cost so many times its recorded ratio. */
export const TOLERANCE = 1.25;

/**
 * @typedef {Record<string, number>} Ratios the CPU time per answer of a work ÷ that of the bare server, by work
 * @typedef {{ commit: string, date: string, node: string, ratios: Ratios }} Entry
 * @typedef {Record<string, Entry>} GateRecord an entry for each major version of Node
 * @typedef {'ok' | 'FAILED' | 'record anew' | 'NOT RECORDED'} Verdict
 * @typedef {{ work: string, ratio: number, recorded: number | undefined, limit: number | undefined, verdict: Verdict }} Judged
 */

/**
 * The entry for this version of Node, or else that of the nearest one: ratios differ less between versions than times.
 *
 * @param {GateRecord} record
 * @param {string} node such as v20.20.2
 * @returns {{ major: string, isOwn: boolean, entry: Entry | undefined }}
 */
export function entryFor(record, node) {
  const own = majorOf(node);
  const majors = Object.keys(record).sort((a, b) => distance(a, own) - distance(b, own));
  const [major = own] = majors;
  return { major, isOwn: major === own, entry: record[major] };
}

/** @param {string} node */
export const majorOf = (node) => node.replace('v', '').split('.')[0];

/** @param {string} a @param {string} b */
const distance = (a, b) => Math.abs(Number(a) - Number(b));

/**
 * @param {Ratios} measured
 * @param {Ratios} recorded
 * @returns {Judged[]}
 */
export function judge(measured, recorded) {
  return Object.entries(measured).map(([work, ratio]) => {
    const known = recorded[work];
    const limit = known && known * TOLERANCE;
    return { work, ratio, recorded: known, limit, verdict: verdictOf(ratio, known) };
  });
}

/** @param {number} ratio @param {number | undefined} recorded @returns {Verdict} */
function verdictOf(ratio, recorded) {
  if (recorded === undefined) return 'NOT RECORDED';
  // A ratio that is no number, because nothing was answered, must not pass.
  if (!(ratio <= recorded * TOLERANCE)) return 'FAILED';
  return ratio < recorded / TOLERANCE ? 'record anew' : 'ok';
}

/**
 * Judges, and measures the works that fail once more, because another process can have disturbed them. The second
 * measurement counts.
 *
 * @param {(works: string[]) => Promise<Ratios>} measure
 * @param {string[]} works
 * @param {Ratios} recorded
 */
export async function judgeTwice(measure, works, recorded) {
  const first = judge(await measure(works), recorded);
  const failed = worksWith('FAILED', first);
  if (failed.length === 0) return first;
  const again = judge(await measure(failed), recorded);
  return first.map((row) => again.find(({ work }) => work === row.work) ?? row);
}

/** @param {Verdict} verdict @param {Judged[]} rows */
export const worksWith = (verdict, rows) =>
  rows.filter((row) => row.verdict === verdict).map(({ work }) => work);

/** A work without a record fails too: it would never be checked. @param {Judged[]} rows */
export const hasPassed = (rows) =>
  ['FAILED', 'NOT RECORDED'].every(
    (verdict) => worksWith(/** @type {Verdict} */ (verdict), rows).length === 0,
  );
