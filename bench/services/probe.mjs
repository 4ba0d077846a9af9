import { NEW_ORDER } from './plan.mjs';

/** Before anything is timed: does each server let in whom it must, and nobody else? */
export async function probe({ name, guarded, port }, { mine, ofAnother }) {
  const expect = (what, seen, wanted) => {
    if (seen !== wanted) throw new Error(`orders on ${name}: ${what}: ${seen}, not ${wanted}`);
  };
  const orders = `http://127.0.0.1:${port}/orders`;
  const placed = await ask(orders, mine, NEW_ORDER);
  expect('placing an order', placed.status, 201);
  const order = `${orders}/${placed.body.id}`;
  const read = await ask(order, mine);
  expect('the total', read.body.totalMinor, 2100);
  expect('nobody', (await ask(order)).status, guarded ? 401 : 200);
  expect('somebody else', (await ask(order, ofAnother)).status, guarded ? 404 : 200);
  expect('a broken token', (await ask(order, mine.slice(0, -8))).status, guarded ? 401 : 200);
}

async function ask(url, token, body) {
  const answer = await fetch(url, {
    headers: {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { method: 'POST', body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: await answer.json() };
}
