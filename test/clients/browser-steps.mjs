export const my = JSON.parse(document.querySelector('#settings').textContent);
export const REDIRECT_URI = `${my.BASE_URL}/callback`;

/** Runs the function of the path and shows its result. `undefined` means that the browser leaves the page. */
export async function show(steps) {
  const result = document.querySelector('#result');
  try {
    const value = await steps[location.pathname.slice(1) || 'home']();
    if (value !== undefined) result.textContent = JSON.stringify(value);
  } catch (error) {
    result.dataset.status = '500';
    const { message, ...members } = error;
    result.textContent = `${error.name}: ${message} ${JSON.stringify(members)}`;
  }
}

export async function fetchOrders(accessToken) {
  const answer = await fetch(`${my.API}/orders`, {
    headers: { authorization: `Bearer ${accessToken}` },
  });
  return answer.json();
}
