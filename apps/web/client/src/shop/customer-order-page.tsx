import { type Action, useAction } from '../action.js';
import type { OrderView } from '../orders/invoice-panel.js';
import { OrderPage } from '../orders/order-page.js';
import type { Order } from '../orders/orders-api.js';
import type { RequestError } from '../request.js';
import type { Resource } from '../resource.js';
import { texts } from '../texts/texts.js';
import { Confirm, Failure, Notice } from '../ui.js';
import { Payment } from './payment.js';

/** A customer pays the invoice, cancels the order, or asks for a refund. */
export const CustomerOrderPage = ({ id }: { readonly id: string }) => (
  <OrderPage
    id={id}
    renderOrderActions={(view) => !view.isCancelled && <Cancel view={view} />}
    renderInvoiceActions={({ invoices, isCancelled }, invoice) =>
      invoice.state === 'open' &&
      !isCancelled && <Payment invoice={invoice} onChanged={invoices.reload} />
    }
  />
);

/** A paid order that its customer cancels waits for a refund by staff, so the same request asks for a refund. */
function Cancel({ view: { order, invoice } }: { readonly view: OrderView }) {
  const action = useCancelAction(order);
  const isPaid = invoice?.state === 'paid' || invoice?.state === 'paying';
  const { cancel, cancelQuestion, cancelConfirm } = texts.order;
  const { askRefund, askRefundQuestion, askRefundConfirm } = texts.order;
  return (
    <div className="actions">
      {action.error && <CancelFailure error={action.error} />}
      <Confirm
        label={isPaid ? askRefund : cancel}
        question={isPaid ? askRefundQuestion : cancelQuestion}
        confirm={isPaid ? askRefundConfirm : cancelConfirm}
        action={action}
        busyText={texts.order.working}
      />
    </div>
  );
}

const CancelFailure = ({ error }: { readonly error: RequestError }) =>
  error.status === 412 ? (
    <Notice kind="bad">{texts.order.changed}</Notice>
  ) : (
    <Failure error={error} />
  );

/** The user cancels the version of the order that this page shows. */
function useCancelAction({ answer, reload }: Resource<Order>): Action {
  return useAction<Order>({
    build: () => ({
      path: `/api/orders/${answer?.body.id ?? ''}/cancel`,
      headers: { 'if-match': answer?.entityTag ?? '*' },
    }),
    onDone: reload,
    onFailed: reload,
  });
}
