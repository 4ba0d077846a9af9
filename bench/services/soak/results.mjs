import { lowPoints, trendOf } from './trend.mjs';

/** Growth per hour, as a share of what there is, that is still called flat. What was freed the allocator may keep. */
const FLAT = { heap: 0.1, resident: 0.2 };
/** A process that is younger still grows, and an hour is too far to look ahead. */
const LEAST_MINUTES = 10;
/** Handles that may be a timer or a connection of the moment. */
const OF_THE_MOMENT = 3;
const MIB = 2 ** 20;

/** A row for each app and each kind of memory, and one for its handles. */
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

/** Garbage is not growth: the line goes through the low points. */
function memoryRow(row, samples, field) {
  const points = lowPoints(samples.map(({ at, [field]: value }) => ({ x: at / 3600, y: value })));
  const { slope, error, start, end } = trendOf(points);
  const [least, most] = [slope - 2 * error, slope + 2 * error].map((each) => each / start);
  const minutes = (points.at(-1).x - points[0].x) * 60;
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

function verdictOn({ least, most, minutes }, bound) {
  if (minutes < LEAST_MINUTES) return 'too short to tell';
  if (least > bound) return 'GROWS';
  return most < bound ? 'flat' : 'not clear';
}

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

const mib = (bytes) => (bytes / MIB).toFixed(1);

export const columns = [
  ['what', ({ what }) => what],
  ['after warm-up', ({ start }) => start],
  ['at the end', ({ end }) => end],
  ['growth per hour', ({ perHour }) => perHour],
  ['verdict', ({ verdict }) => verdict],
];
