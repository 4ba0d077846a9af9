import type { ReactNode } from 'react';
import { computeTotal, isSku, type OrderItem } from '../catalogue.js';
import { formats, texts } from '../texts/texts.js';

interface ItemTableProps {
  readonly items: readonly OrderItem[];
  readonly currency: string;
  /** By default the number. */
  readonly renderQuantity?: (item: OrderItem) => ReactNode;
}

/** Items with their prices and the total. */
export const ItemTable = ({ items, currency, renderQuantity }: ItemTableProps) => (
  <table className="items">
    <caption className="unseen">{texts.order.items}</caption>
    <tbody>
      {items.map((item, index) => (
        <tr key={index}>
          <th scope="row">{nameOf(item.sku)}</th>
          <td>{renderQuantity ? renderQuantity(item) : `${item.quantity} ×`}</td>
          <td className="amount">{formats.money(item.quantity * item.unitPriceMinor, currency)}</td>
        </tr>
      ))}
    </tbody>
    <tfoot>
      <tr>
        <th scope="row">{texts.basket.total}</th>
        <td />
        <td className="amount">{formats.money(computeTotal(items), currency)}</td>
      </tr>
    </tfoot>
  </table>
);

/** Other clients may order products that this shop does not have. */
export const nameOf = (sku: string): string => (isSku(sku) ? texts.products.names[sku] : sku);
