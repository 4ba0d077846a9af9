import { useEffect } from 'react';
import { type Action, useAction } from '../action.js';
import { CURRENCY, isSku, MAX_QUANTITY, type OrderItem, toItems } from '../catalogue.js';
import { Link, navigate, Page } from '../navigation.js';
import { ItemTable } from '../orders/item-table.js';
import type { Order } from '../orders/orders-api.js';
import { buildSignInUrl } from '../routes.js';
import type { SignedIn } from '../session.js';
import { texts } from '../texts/texts.js';
import { Failure, Notice, Progress } from '../ui.js';
import { putIntoBasket, removeItems, useBasket } from './basket-store.js';
import { endAttempt, readAttempt, startAttempt } from './order-attempt.js';

/** @param user undefined for a visitor, who signs in before the order */
export function BasketPage({ user }: { readonly user: SignedIn | undefined }) {
  const items = toItems(useBasket());
  if (user) return <OrderForm account={user.email ?? ''} items={items} />;
  if (items.length === 0) return <EmptyBasket />;
  return (
    <Page title={texts.basket.title}>
      <EditableItems items={items} />
      <a className="button" href={buildSignInUrl('/basket')}>
        {texts.basket.signIn}
      </a>
    </Page>
  );
}

interface OrderFormProps {
  readonly account: string;
  readonly items: readonly OrderItem[];
}

/** Places the order. The items stay as they are while the answer is missing. */
function OrderForm({ account, items }: OrderFormProps) {
  const attempt = readAttempt(sessionStorage, account);
  const action = useOrderAction(account, items);
  useEffect(() => {
    // A reload while the order was on its way: its answer is lost.
    if (attempt) action.run();
  }, [account]);
  if (!attempt && items.length === 0) return <EmptyBasket />;
  return (
    <Page title={texts.basket.title}>
      {attempt ? (
        <ItemTable items={attempt.items} currency={CURRENCY} />
      ) : (
        <EditableItems items={items} />
      )}
      <PlaceOrder action={action} isUnanswered={attempt !== undefined} />
    </Page>
  );
}

const EditableItems = ({ items }: Pick<OrderFormProps, 'items'>) => (
  <ItemTable
    items={items}
    currency={CURRENCY}
    renderQuantity={(item) => <Quantity item={item} />}
  />
);

const EmptyBasket = () => (
  <Page title={texts.basket.title}>
    <p className="quiet">{texts.basket.empty}</p>
    <Link to="/" className="button">
      {texts.basket.toProducts}
    </Link>
  </Page>
);

/** While no answer has arrived, each request has the same key and content. An answer ends the attempt. */
function useOrderAction(account: string, items: readonly OrderItem[]): Action {
  return useAction<Order>({
    build: () => {
      const attempt = startAttempt(sessionStorage, account, items);
      const headers = { 'idempotency-key': attempt.key };
      return { path: '/api/orders', headers, body: { items: attempt.items, currency: CURRENCY } };
    },
    onDone: ({ body }) => {
      endAttempt(sessionStorage);
      removeItems(body.items);
      navigate(`/orders/${body.id}?placed`);
    },
    onFailed: (error) => {
      if (!error.isTemporary) endAttempt(sessionStorage);
    },
  });
}

interface PlaceOrderProps {
  readonly action: Action;
  readonly isUnanswered: boolean;
}

function PlaceOrder({ action, isUnanswered }: PlaceOrderProps) {
  if (action.isBusy) return <Progress>{texts.basket.ordering}</Progress>;
  return (
    <>
      {action.error && <Failure error={action.error} />}
      {isUnanswered && <Notice kind="plain-notice">{texts.basket.unanswered}</Notice>}
      <button type="button" onClick={action.run}>
        {isUnanswered ? texts.basket.sendAgain : texts.basket.order}
      </button>
    </>
  );
}

function Quantity({ item: { sku, quantity } }: { readonly item: OrderItem }) {
  if (!isSku(sku)) return quantity;
  const { less, more, quantity: label } = texts.basket;
  const name = texts.products.names[sku];
  return (
    <span className="stepper" role="group" aria-label={label(name)}>
      <button
        type="button"
        className="plain"
        aria-label={less(name)}
        onClick={() => putIntoBasket(sku, quantity - 1)}
      >
        −
      </button>
      <output>{quantity}</output>
      <button
        type="button"
        className="plain"
        aria-label={more(name)}
        disabled={quantity >= MAX_QUANTITY}
        onClick={() => putIntoBasket(sku, quantity + 1)}
      >
        +
      </button>
    </span>
  );
}
