import { type FormEvent, useState } from 'react';
import { useAction } from '../action.js';
import type { Invoice } from '../orders/orders-api.js';
import { formats, texts } from '../texts/texts.js';
import { Failure, Notice, Progress } from '../ui.js';

/** The test cards of billing's fake payment provider. */
const METHODS = ['test-ok', 'test-declined', 'test-lost'] as const;

interface PaymentProps {
  readonly invoice: Invoice;
  readonly onChanged: () => void;
}

/** Pays an open invoice. Billing moves the money once, however often the request arrives. */
export function Payment({ invoice: { id, amountMinor, currency }, onChanged }: PaymentProps) {
  const [method, setMethod] = useState<string>(METHODS[0]);
  const action = useAction<Invoice>({
    build: () => ({ path: `/api/invoices/${id}/pay`, headers: {}, body: { method } }),
    onDone: onChanged,
    onFailed: onChanged,
  });
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    action.run();
  };
  if (action.isBusy) return <Progress>{texts.invoice.paying}</Progress>;
  return (
    <form onSubmit={onSubmit}>
      {action.error?.status === 402 && <Notice kind="bad">{texts.invoice.declined}</Notice>}
      {action.error && action.error.status !== 402 && <Failure error={action.error} />}
      <label htmlFor="method">{texts.invoice.method}</label>
      <select id="method" value={method} onChange={({ target }) => setMethod(target.value)}>
        {METHODS.map((name) => (
          <option key={name} value={name}>
            {texts.invoice.methods[name]}
          </option>
        ))}
      </select>
      <button type="submit">{texts.invoice.pay(formats.money(amountMinor, currency))}</button>
    </form>
  );
}
