import type { ReactNode } from 'react';
import { Page, useAddress } from '../navigation.js';
import { type Resource, useResource } from '../resource.js';
import { texts } from '../texts/texts.js';
import { Id, Instant, LoadStatus, Notice, Values } from '../ui.js';
import { InvoicePanel, type InvoicePanelProps, type OrderView } from './invoice-panel.js';
import { ItemTable } from './item-table.js';
import { OrderBadge } from './order-list-page.js';
import type { InvoicePage, Order } from './orders-api.js';

interface OrderPageProps extends Omit<InvoicePanelProps, 'view'> {
  readonly id: string;
  readonly renderOrderActions?: (view: OrderView) => ReactNode;
}

/** One order with its invoice. */
export function OrderPage({ id, ...props }: OrderPageProps) {
  const order = useResource<Order>(`/api/orders/${id}`);
  const isPlacedNow = useAddress().endsWith('?placed');
  const { answer } = order;
  return (
    <Page title={texts.order.title} aside={answer && <OrderBadge state={answer.body.state} />}>
      {isPlacedNow && answer?.body.state === 'placed' && (
        <Notice kind="good">{texts.order.thanks}</Notice>
      )}
      <LoadStatus resource={order} />
      {answer && <OrderDetails {...props} resource={order} order={answer.body} />}
    </Page>
  );
}

interface DetailsProps extends Omit<OrderPageProps, 'id'> {
  readonly resource: Resource<Order>;
  readonly order: Order;
}

/** Billing writes the invoice shortly after the order, and makes it void shortly after a cancellation. */
const isUnfinished = ({ invoices: [invoice] }: InvoicePage): boolean =>
  invoice === undefined || ['paying', 'refunding'].includes(invoice.state);
const isUnfinishedAfterCancel = (page: InvoicePage): boolean =>
  isUnfinished(page) || page.invoices[0]?.state === 'open';

function OrderDetails({ resource, order, ...props }: DetailsProps) {
  const isCancelled = order.state === 'cancelled';
  const invoices = useResource(
    `/api/invoices?orderId=${order.id}`,
    isCancelled ? isUnfinishedAfterCancel : isUnfinished,
  );
  const invoice = invoices.answer?.body.invoices[0];
  const view = { order: resource, isCancelled, invoices, invoice };
  return (
    <div className="columns">
      <section className="card" aria-label={texts.order.title}>
        <ItemTable items={order.items} currency={order.currency} />
        <OrderValues order={order} customer={props.isForStaff ? invoice?.customer : undefined} />
        {props.renderOrderActions?.(view)}
      </section>
      <InvoicePanel {...props} view={view} />
    </div>
  );
}

interface OrderValuesProps {
  readonly order: Order;
  readonly customer: string | undefined;
}

const OrderValues = ({ order: { id, placedAt, cancelledAt }, customer }: OrderValuesProps) => (
  <Values
    entries={[
      [texts.order.id, <Id key="id" id={id} />],
      [texts.order.placed, <Instant key="placed" at={placedAt} />],
      [texts.order.cancelled, cancelledAt && <Instant key="cancelled" at={cancelledAt} />],
      [texts.order.customer, customer && <Id key="customer" id={customer} />],
    ]}
  />
);
