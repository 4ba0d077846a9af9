import { parseMonth, shiftMonth } from '../format.js';
import { Link, Page, useAddress } from '../navigation.js';
import { useResource } from '../resource.js';
import { formats, texts } from '../texts/texts.js';
import { LoadStatus, Values } from '../ui.js';

/** Sums in the currency's minor unit, as digits, because they can exceed 2^53. */
interface MonthlyTotals {
  readonly currency: string;
  readonly invoices: number;
  readonly issuedMinor: string;
  readonly paidMinor: string;
  readonly refundedMinor: string;
  readonly voidMinor: string;
}

interface Totals {
  readonly totals: readonly MonthlyTotals[];
}

/** Revenue of one month. The month is in the address. */
export function TotalsPage() {
  const query = new URLSearchParams(useAddress().split('?')[1]);
  const month = parseMonth(query.get('month'), Date.now());
  const resource = useResource<Totals>(`/api/totals?month=${month}`);
  const { answer } = resource;
  return (
    <Page title={texts.totals.title}>
      <MonthMenu month={month} />
      <h2>{formats.month(month)}</h2>
      <LoadStatus resource={resource} />
      {answer?.body.totals.length === 0 && <p className="quiet">{texts.totals.empty}</p>}
      <div className="columns">
        {answer?.body.totals.map((totals) => (
          <CurrencyTotals key={totals.currency} totals={totals} />
        ))}
      </div>
    </Page>
  );
}

function MonthMenu({ month }: { readonly month: string }) {
  const { previous, next, title } = texts.totals;
  const [earlier, later] = [shiftMonth(month, -1), shiftMonth(month, 1)];
  const present = parseMonth(null, Date.now());
  return (
    <nav className="pages" aria-label={title}>
      {earlier && <Link to={`?month=${earlier}`}>{previous(formats.month(earlier))}</Link>}
      {later && later <= present && (
        <Link to={`?month=${later}`}>{next(formats.month(later))}</Link>
      )}
    </nav>
  );
}

function CurrencyTotals({ totals }: { readonly totals: MonthlyTotals }) {
  const { currency, invoices, issuedMinor, paidMinor, refundedMinor, voidMinor } = totals;
  const { issued, paid, refunded, void: voided, invoices: count } = texts.totals;
  const money = (minor: string) => formats.money(minor, currency);
  return (
    <section className="card totals" aria-label={currency}>
      <h3>{currency}</h3>
      <Values
        entries={[
          [count, invoices],
          [issued, money(issuedMinor)],
          [paid, money(paidMinor)],
          [refunded, money(refundedMinor)],
          [voided, money(voidMinor)],
        ]}
      />
    </section>
  );
}
