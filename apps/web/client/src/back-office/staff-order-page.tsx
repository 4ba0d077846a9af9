import { useAction } from '../action.js';
import { OrderPage } from '../orders/order-page.js';
import type { Invoice } from '../orders/orders-api.js';
import { formats, texts } from '../texts/texts.js';
import { Confirm, Failure } from '../ui.js';

/** Staff see the order of any customer, and refund a paid invoice. */
export const StaffOrderPage = ({ id }: { readonly id: string }) => (
  <OrderPage
    id={id}
    isForStaff
    renderInvoiceActions={({ invoices }, invoice) =>
      invoice.state === 'paid' && <Refund invoice={invoice} onChanged={invoices.reload} />
    }
  />
);

interface RefundProps {
  readonly invoice: Invoice;
  readonly onChanged: () => void;
}

/** Returns a payment. Billing asks for a recent sign-in (RFC 9470); the same request continues after it. */
function Refund({ invoice: { id, amountMinor, currency }, onChanged }: RefundProps) {
  const { button, question, confirm, hint, working } = texts.refund;
  const action = useAction<Invoice>({
    kind: 'refund',
    build: () => ({
      path: `/api/invoices/${id}/refund`,
      headers: { 'idempotency-key': crypto.randomUUID() },
    }),
    onDone: onChanged,
    onFailed: onChanged,
  });
  return (
    <div className="actions">
      {action.error && <Failure error={action.error} />}
      <Confirm
        label={button}
        question={question(formats.money(amountMinor, currency))}
        confirm={confirm}
        action={action}
        busyText={working}
      />
      <p className="hint">{hint}</p>
    </div>
  );
}
