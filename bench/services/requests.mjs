/** The bytes that are sent to orders. The connections take tokens and orders in turn. */
import { get, post } from '../refresh/load/requests.mjs';
import { NEW_ORDER } from './plan.mjs';

export function readOrder({ port, tokens, ids }, _chains, connection) {
  const requests = tokens.map((token, n) =>
    get({ port, path: `/orders/${ids[n % ids.length]}`, head: bearer(token) }),
  );
  return inTurn(requests, connection);
}

export function placeOrder({ port, tokens }, _chains, connection) {
  const body = JSON.stringify(NEW_ORDER);
  const requests = tokens.map((token) => {
    const head = `Content-Type: application/json\r\n${bearer(token)}`;
    return post({ port, path: '/orders', head }, body);
  });
  return inTurn(requests, connection);
}

const bearer = (token) => `Authorization: Bearer ${token}\r\n`;

function inTurn(requests, first) {
  let turn = first;
  return { next: () => requests[turn++ % requests.length], accept: () => {} };
}
