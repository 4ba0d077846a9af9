/** As orders takes and returns it. */
export interface OrderItem {
  readonly sku: string;
  readonly quantity: number;
  readonly unitPriceMinor: number;
}

export const CURRENCY = 'EUR';

/** Prices in the minor unit of {@link CURRENCY}. Names are in the texts. */
export const PRICES = {
  'green-tea': 650,
  'black-tea': 590,
  'herbal-tea': 490,
  teapot: 3900,
  cup: 1250,
  honey: 720,
} as const;

export type Sku = keyof typeof PRICES;

export const isSku = (text: string): text is Sku => Object.hasOwn(PRICES, text);
export const SKUS: readonly Sku[] = Object.keys(PRICES).filter(isSku);

/** Quantities by product. A product without a quantity is not in the basket. */
export type Basket = Readonly<Partial<Record<Sku, number>>>;

export const MAX_QUANTITY = 99;

/** Reads a basket that a tab has kept. Unknown products and impossible quantities are dropped. */
export function parseBasket(text: string | null): Basket {
  const quantities: Record<string, unknown> = JSON.parse(text ?? '{}') ?? {};
  return SKUS.reduce<Basket>((basket, sku) => {
    const quantity = quantities[sku];
    return typeof quantity === 'number' ? setQuantity(basket, sku, quantity) : basket;
  }, {});
}

/** @param quantity 0 removes the product; larger than {@link MAX_QUANTITY} means that */
export function setQuantity(basket: Basket, sku: Sku, quantity: number): Basket {
  const { [sku]: _removed, ...others } = basket;
  if (!Number.isInteger(quantity) || quantity < 1) return others;
  return { ...basket, [sku]: Math.min(quantity, MAX_QUANTITY) };
}

export const countItems = (basket: Basket): number =>
  Object.values(basket).reduce((sum, quantity) => sum + quantity, 0);

export const toItems = (basket: Basket): OrderItem[] =>
  SKUS.flatMap((sku) => {
    const quantity = basket[sku];
    return quantity === undefined ? [] : [{ sku, quantity, unitPriceMinor: PRICES[sku] }];
  });

export const computeTotal = (items: readonly OrderItem[]): number =>
  items.reduce((sum, { quantity, unitPriceMinor }) => sum + quantity * unitPriceMinor, 0);
