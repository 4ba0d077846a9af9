import { words } from '../report/aims.mjs';
import { significant, spread } from '../report/table.mjs';

/** One row per server and workload. */
export const columns = [
  ['server', ({ software, store }) => `${software}, ${store}`],
  ['answers/s', ({ perSecond }) => Math.round(perSecond).toLocaleString('en')],
  ['p50 ms', ({ p50 }) => significant(p50)],
  ['p99 ms', ({ p99 }) => significant(p99)],
  ['CPU µs', ({ cpuPerAnswer }) => significant(cpuPerAnswer)],
  ['÷ oidc-provider', ({ toPeer }) => spread(toPeer)],
  ['÷ limit', ({ toLimit }) => spread(toLimit)],
  ['aim', ({ aims }) => words(aims)],
  ['non-2xx', ({ failures }) => String(failures)],
  ['client', ({ clientBusy }) => `${Math.round(clientBusy * 100)} %`],
];
