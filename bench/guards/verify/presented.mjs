/**
 * A token as it comes in: bytes, of which Node makes a string for each request. For the limit it is taken apart
 * beforehand.
 * @param {string} token
 */
export function presented(token) {
  const end = token.lastIndexOf('.');
  return {
    bytes: Buffer.from(`Bearer ${token}`),
    signingInput: Buffer.from(token.slice(0, end)),
    signature: Buffer.from(token.slice(end + 1), 'base64url'),
    kid: JSON.parse(Buffer.from(token.slice(0, token.indexOf('.')), 'base64url')).kid,
  };
}

/** The value of the `Authorization` header, as a new string each time. */
export function authorization({ bytes }) {
  return bytes.latin1Slice();
}
