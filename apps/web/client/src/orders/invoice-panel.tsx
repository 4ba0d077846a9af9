import type { ReactNode } from 'react';
import type { RequestError } from '../request.js';
import type { Resource } from '../resource.js';
import { formats, texts } from '../texts/texts.js';
import { Failure, Id, Instant, Notice, Progress, Values } from '../ui.js';
import type { Invoice, InvoicePage, Order } from './orders-api.js';

/** An order with its invoice, for the actions of the shop or of the back office. */
export interface OrderView {
  readonly order: Resource<Order>;
  readonly isCancelled: boolean;
  readonly invoices: Resource<InvoicePage>;
  /** Undefined until billing has written it. */
  readonly invoice: Invoice | undefined;
}

export interface InvoicePanelProps {
  readonly view: OrderView;
  readonly isForStaff?: boolean;
  readonly renderInvoiceActions: (view: OrderView, invoice: Invoice) => ReactNode;
}

/** The invoice of an order. Shows progress until billing has written it. */
export function InvoicePanel(props: InvoicePanelProps) {
  const { invoices, invoice } = props.view;
  const { error } = invoices;
  return (
    <section className="card" aria-labelledby="invoice">
      <div className="title">
        <h2 id="invoice">{texts.invoice.title}</h2>
        {invoice && (
          <span className={`badge ${invoice.state}`}>{texts.invoice.states[invoice.state]}</span>
        )}
      </div>
      {error && <InvoiceFailure resource={invoices} error={error} />}
      {!invoice && !error && <MissingInvoice resource={invoices} />}
      {invoice && <InvoiceDetails {...props} invoice={invoice} />}
    </section>
  );
}

interface ResourceProps {
  readonly resource: Resource<InvoicePage>;
}

/** Support may see orders but not invoices, which accounting sees. */
const InvoiceFailure = ({ resource, error }: ResourceProps & { readonly error: RequestError }) =>
  error.status === 403 ? (
    <p className="quiet">{texts.invoice.hidden}</p>
  ) : (
    <Failure error={error} isRetrying={resource.isPolling} onRetry={resource.reload} />
  );

const MissingInvoice = ({ resource: { isPolling, reload } }: ResourceProps) =>
  isPolling ? (
    <Progress>{texts.invoice.writing}</Progress>
  ) : (
    <Notice kind="plain-notice">
      <p>{texts.invoice.late}</p>
      <button type="button" className="plain" onClick={reload}>
        {texts.retry}
      </button>
    </Notice>
  );

function InvoiceDetails(props: InvoicePanelProps & { readonly invoice: Invoice }) {
  const { invoice, view, isForStaff, renderInvoiceActions } = props;
  const { id, state, amountMinor, currency, issuedAt, paidAt, refundedAt } = invoice;
  const isWaiting = state === 'paying' || state === 'refunding';
  return (
    <>
      {view.isCancelled && state === 'paid' && (
        <Notice kind="plain-notice">
          {isForStaff ? texts.order.refundWanted : texts.order.refundAsked}
        </Notice>
      )}
      <Values
        entries={[
          [texts.invoice.amount, formats.money(amountMinor, currency)],
          [texts.invoice.id, <Id key="id" id={id} />],
          [texts.invoice.issued, <Instant key="issued" at={issuedAt} />],
          [texts.invoice.paidOn, paidAt && <Instant key="paid" at={paidAt} />],
          [texts.invoice.refundedOn, refundedAt && <Instant key="refunded" at={refundedAt} />],
        ]}
      />
      {isWaiting && <Progress>{texts.invoice.waiting}</Progress>}
      {renderInvoiceActions(view, invoice)}
    </>
  );
}
