import { useSyncExternalStore } from 'react';
import {
  type Basket,
  isSku,
  type OrderItem,
  parseBasket,
  setQuantity,
  type Sku,
} from '../catalogue.js';

const STORAGE_KEY = 'basket';
const CHANGED = 'basket-changed';

/** The basket of this tab. It survives a reload and a sign-in. */
let basket: Basket = parseBasket(sessionStorage.getItem(STORAGE_KEY));

const subscribe = (onChange: () => void) => {
  window.addEventListener(CHANGED, onChange);
  return () => window.removeEventListener(CHANGED, onChange);
};

export const useBasket = (): Basket => useSyncExternalStore(subscribe, () => basket);

/** @param quantity 0 removes the product */
export function putIntoBasket(sku: Sku, quantity: number): void {
  save(setQuantity(basket, sku, quantity));
}

/** Removes the items of an order. Products that were added since stay. */
export const removeItems = (items: readonly OrderItem[]): void =>
  save(
    items.reduce<Basket>(
      (left, { sku, quantity }) =>
        isSku(sku) ? setQuantity(left, sku, (left[sku] ?? 0) - quantity) : left,
      basket,
    ),
  );

function save(changed: Basket): void {
  basket = changed;
  sessionStorage.setItem(STORAGE_KEY, JSON.stringify(basket));
  window.dispatchEvent(new Event(CHANGED));
}
