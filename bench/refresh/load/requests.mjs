/** The bytes of the three requests, and what one answer means for the next request of the same connection. */

/** A chain of rotations: the refresh token of each answer is used next. A connection takes its chains in turn. */
export function rotation({ port, tokenPath, publicClient }, chains) {
  const prefix = `grant_type=refresh_token&client_id=${publicClient}&refresh_token=`;
  let turn = 0;
  return {
    next: () => post({ port, path: tokenPath }, prefix + encodeURIComponent(chains[turn])),
    accept: (body) => {
      chains[turn] = JSON.parse(body).refresh_token;
      turn = (turn + 1) % chains.length;
    },
  };
}

export function clientCredentials({ port, tokenPath, service }) {
  const basic = Buffer.from(`${service.id}:${service.secret}`).toString('base64');
  const request = post(
    { port, path: tokenPath, head: `Authorization: Basic ${basic}\r\n` },
    new URLSearchParams({ grant_type: 'client_credentials', ...service.parameters }).toString(),
  );
  return { next: () => request, accept: () => {} };
}

export function keySet({ port, jwksPath }) {
  const request = `GET ${jwksPath} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`;
  return { next: () => request, accept: () => {} };
}

function post({ port, path, head = '' }, body) {
  return (
    `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${head}` +
    'Content-Type: application/x-www-form-urlencoded\r\n' +
    `Content-Length: ${body.length}\r\n\r\n${body}`
  );
}
