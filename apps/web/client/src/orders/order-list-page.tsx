import { Link, Page, useAddress } from '../navigation.js';
import { useResource } from '../resource.js';
import { formats, texts } from '../texts/texts.js';
import { Instant, LoadStatus } from '../ui.js';
import { nameOf } from './item-table.js';
import type { Order, OrderPage } from './orders-api.js';

const STATES = ['placed', 'cancelled'] as const;

interface OrderListProps {
  /** Staff see the orders of all customers, and choose a state. */
  readonly isForStaff: boolean;
}

/** One page of orders. Page and filter are in the address, so a reload and the *back* button keep them. */
export function OrderListPage({ isForStaff }: OrderListProps) {
  const { title, empty, allTitle, allEmpty } = texts.orders;
  const address = useAddress();
  const query = new URLSearchParams(address.split('?')[1]);
  const resource = useResource<OrderPage>(buildPath(query, isForStaff));
  const { answer } = resource;
  return (
    <Page title={isForStaff ? allTitle : title}>
      {isForStaff && <Filter selected={query.get('state')} />}
      <LoadStatus resource={resource} />
      {answer?.body.orders.length === 0 && <p className="quiet">{isForStaff ? allEmpty : empty}</p>}
      {answer && <Orders page={answer.body} query={query} />}
    </Page>
  );
}

function buildPath(query: URLSearchParams, isForStaff: boolean): string {
  const parameters = new URLSearchParams(isForStaff ? { everyone: 'true' } : {});
  for (const name of ['after', 'state']) {
    const value = query.get(name);
    if (value !== null) parameters.set(name, value);
  }
  return `/api/orders?${parameters.toString()}`;
}

const Filter = ({ selected }: { readonly selected: string | null }) => (
  <nav className="filter" aria-label={texts.orders.filter}>
    <Link to="/" isCurrent={selected === null}>
      {texts.orders.all}
    </Link>
    {STATES.map((state) => (
      <Link key={state} to={`/?state=${state}`} isCurrent={selected === state}>
        {texts.orders.states[state]}
      </Link>
    ))}
  </nav>
);

interface OrdersProps {
  readonly page: OrderPage;
  readonly query: URLSearchParams;
}

const Orders = ({ page: { orders, next }, query }: OrdersProps) => (
  <>
    <ul className="order-list">
      {orders.map((order) => (
        <OrderEntry key={order.id} order={order} />
      ))}
    </ul>
    <p className="pages">
      {query.has('after') && <Link to={withAfter(query)}>{texts.orders.newest}</Link>}
      {next !== undefined && <Link to={withAfter(query, next)}>{texts.orders.older}</Link>}
    </p>
  </>
);

function withAfter(query: URLSearchParams, after?: string): string {
  const changed = new URLSearchParams(query);
  changed.delete('after');
  if (after !== undefined) changed.set('after', after);
  return `${location.pathname}?${changed.toString()}`;
}

const OrderEntry = ({ order }: { readonly order: Order }) => (
  <li className="card">
    <Link to={`/orders/${order.id}`}>
      <span className="name">{order.items.map(({ sku }) => nameOf(sku)).join(', ')}</span>
      <span className="quiet small">
        <Instant at={order.placedAt} />
      </span>
    </Link>
    <OrderBadge state={order.state} />
    <span className="amount">{formats.money(order.totalMinor, order.currency)}</span>
  </li>
);

export const OrderBadge = ({ state }: Pick<Order, 'state'>) => (
  <span className={`badge ${state}`}>{texts.orders.states[state]}</span>
);
