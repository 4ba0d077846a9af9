/** Before anything is timed: does each server let in whom it must, and nobody else? */
export async function probe({ platform, guard, port }, issuer) {
  const bad = {
    'no token': undefined,
    'a token for others': issuer.token({ aud: 'https://other.example' }),
    'an expired token': issuer.token({ exp: 1 }),
    'another signature': issuer.token().slice(0, -8),
  };
  const must = (condition, sentence) => {
    if (!condition) throw new Error(`${guard} on ${platform} must ${sentence}`);
  };
  must(await isLetIn(port, issuer.token()), 'let in a good token');
  if (guard === 'none') return;
  for (const [what, token] of Object.entries(bad)) {
    must(!(await isLetIn(port, token)), `refuse ${what}`);
  }
}

async function isLetIn(port, token) {
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  const answer = await fetch(`http://127.0.0.1:${port}/orders`, { headers });
  await answer.text();
  return answer.ok;
}
