import { useState } from 'react';
import { Link, Page } from '../navigation.js';
import { formats, texts } from '../texts/texts.js';
import { putIntoBasket, useBasket } from './basket-store.js';
import { CURRENCY, PRICES, type Sku, SKUS } from '../catalogue.js';
import { Picture } from './pictures.js';

/** The products, for every visitor. */
export function ProductsPage() {
  const { title, intro, names, added, toBasket } = texts.products;
  const basket = useBasket();
  const [last, setLast] = useState<Sku>();
  const add = (sku: Sku) => {
    putIntoBasket(sku, (basket[sku] ?? 0) + 1);
    setLast(sku);
  };
  return (
    <Page title={title}>
      <p className="quiet">{intro}</p>
      {/* The element exists before its text, or screen readers would not read the first change. */}
      <div role="status">
        {last && (
          <div className="notice good">
            {added(names[last], basket[last] ?? 0)} <Link to="/basket">{toBasket}</Link>
          </div>
        )}
      </div>
      <ul className="products">
        {SKUS.map((sku) => (
          <Product key={sku} sku={sku} onAdd={add} />
        ))}
      </ul>
    </Page>
  );
}

interface ProductProps {
  readonly sku: Sku;
  readonly onAdd: (sku: Sku) => void;
}

const Product = ({ sku, onAdd }: ProductProps) => (
  <li className="card product">
    <Picture sku={sku} />
    <h2>{texts.products.names[sku]}</h2>
    <p className="quiet small">{texts.products.descriptions[sku]}</p>
    <p className="price">{formats.money(PRICES[sku], CURRENCY)}</p>
    <button
      type="button"
      aria-label={`${texts.products.add}: ${texts.products.names[sku]}`}
      onClick={() => onAdd(sku)}
    >
      {texts.products.add}
    </button>
  </li>
);
