import { significant, spread } from '../report/table.mjs';

/** One row per platform, with and without the guard. */
export const columns = [
  ['orders on', ({ name }) => name],
  ['answers/s', ({ perSecond }) => Math.round(perSecond).toLocaleString('en')],
  ['p50 ms', ({ p50 }) => significant(p50)],
  ['p99 ms', ({ p99 }) => significant(p99)],
  ['CPU µs', ({ cpuPerAnswer }) => significant(cpuPerAnswer)],
  ['the guard has of it', ({ guardShare }) => percentages(guardShare)],
  ['answers/s ÷ express', ({ toExpress }) => spread(toExpress)],
  ['non-2xx', ({ failures }) => String(failures)],
  ['client', ({ clientBusy }) => `${Math.round(clientBusy * 100)} %`],
];

function percentages(share) {
  if (!share) return '';
  const [middle, least, most] = [share.median, share.least, share.greatest].map((each) =>
    Math.round(each * 100),
  );
  return `${middle} % (${least} to ${most})`;
}
