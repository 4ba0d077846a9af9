/** @typedef {import('../types.js').Column} Column */
/** @typedef {import('../types.js').Sample} Sample */
/** Growth per hour, as a share of what there is, that is still called flat. What was freed the allocator may keep. */
const FLAT = { heap: 0.1, resident: 0.2 };
/** A process that is younger still grows, and an hour is too far to look ahead. */
const LEAST_MINUTES = 10;
/** Handles that may be a timer or a connection of the moment. */
const OF_THE_MOMENT = 3;
const MIB = 2 ** 20;

/**
 * A row for each app and each kind of memory, and one for its handles.
 *
 * @param {{ samples: Record<string, Sample[]>, before: Record<string, number>, after: Record<string, number> }} run
 * @param {number} warmUp in seconds
 */
export function resultsOf({ samples, before, after }, warmUp) {
  return Object.entries(samples).flatMap(([app, all]) => {
    const warm = all.filter(({ at }) => at >= warmUp);
    return [
      memoryRow({ app, what: 'heap' }, warm, 'heap'),
      memoryRow({ app, what: 'resident' }, warm, 'resident'),
      handlesRow(app, before[app], after[app]),
    ];
  });
}

/**
 * The line goes through the low points, because garbage is not growth.
 *
 * @param {{ app: string, what: string }} row
 * @param {Record<string, number>[]} samples
 * @param {'heap' | 'resident'} field
 */
function memoryRow(row, samples, field) {
  const points = lowPoints(samples.map(({ at, [field]: value }) => ({ x: at / 3600, y: value })));
  const { slope, error, start, end } = trendOf(points);
  const [least, most] = [slope - 2 * error, slope + 2 * error].map((each) => each / start);
  const minutes = (points[points.length - 1].x - points[0].x) * 60;
  const verdict = verdictOn({ least, most, minutes }, FLAT[field]);
  return {
    ...row,
    name: `${row.app}, ${row.what}`,
    start: `${mib(start)} MiB`,
    end: `${mib(end)} MiB`,
    perHour: `${mib(slope)} ± ${mib(2 * error)} MiB`,
    verdict,
    isBad: verdict === 'GROWS',
    aims: [],
  };
}

/** @param {{ least: any, most: any, minutes: number }} options @param {number} bound */
function verdictOn({ least, most, minutes }, bound) {
  if (minutes < LEAST_MINUTES) return 'too short to tell';
  if (least > bound) return 'GROWS';
  return most < bound ? 'flat' : 'not clear';
}

/**
 * @param {any} app
 * @param {any} start
 * @param {any} end
 */
function handlesRow(app, start, end) {
  const isBad = end > start + OF_THE_MOMENT;
  return {
    app,
    what: 'handles, idle',
    name: `${app}, handles`,
    start: String(start),
    end: String(end),
    perHour: '',
    verdict: isBad ? 'LEAK' : 'come back',
    isBad,
    aims: [],
  };
}

/** @param {any} bytes */
const mib = (bytes) => (bytes / MIB).toFixed(1);

/** @type {Column[]} */
export const columns = [
  ['what', ({ what }) => what],
  ['after warm-up', ({ start }) => start],
  ['at the end', ({ end }) => end],
  ['growth per hour', ({ perHour }) => perHour],
  ['verdict', ({ verdict }) => verdict],
];

/** How many stretches a run is cut into; each has a low point, where little garbage was left. */
const STRETCHES = 16;

/** @param {Array<{ x: number, y: number }>} points in the order of `x` */
export function lowPoints(points) {
  const size = Math.max(1, Math.floor(points.length / STRETCHES));
  const lows = [];
  for (let from = 0; from + size <= points.length; from += size) {
    lows.push(points.slice(from, from + size).reduce((low, each) => (each.y < low.y ? each : low)));
  }
  return lows;
}

/**
 * The line of least squares: its slope with the standard error of that, and its height at both ends.
 *
 * @param {{ x: number, y: number }[]} points
 */
export function trendOf(points) {
  const count = points.length;
  if (count < 3) throw new Error('a line needs three points: let it run longer');
  /** @param {'x' | 'y'} field */
  const mean = (field) => points.reduce((sum, point) => sum + point[field], 0) / count;
  const [meanX, meanY] = [mean('x'), mean('y')];
  /** @param {(point: { x: number, y: number }) => number} term */
  const sumOf = (term) => points.reduce((sum, point) => sum + term(point), 0);
  const spread = sumOf(({ x }) => (x - meanX) ** 2);
  const slope = sumOf(({ x, y }) => (x - meanX) * (y - meanY)) / spread;
  /** @param {number} x */
  const height = (x) => meanY + slope * (x - meanX);
  const rest = sumOf(({ x, y }) => (y - height(x)) ** 2);
  const error = Math.sqrt(rest / (count - 2) / spread);
  return { slope, error, start: height(points[0].x), end: height(points[count - 1].x) };
}
