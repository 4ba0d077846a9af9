import { createHmac, type KeyObject } from 'node:crypto';
import type { RejectionReason } from '../../src/index.js';
import { compactJws, encodePart, type TestIssuer } from '../../testing/index.js';

/** One rule broken, the reason the observer is told, and how to make the token. */
export type Forgery = [
  name: string,
  reason: RejectionReason,
  forge: (issuer: TestIssuer) => string,
];

export const seconds = () => Math.floor(Date.now() / 1000);

export const withHeader = (header: Record<string, unknown>) => (issuer: TestIssuer) =>
  issuer.accessToken(good, { header });
export const withClaims = (claims: Record<string, unknown>) => (issuer: TestIssuer) =>
  issuer.accessToken({ ...good, ...claims });
export const good = { scope: 'orders:read' };

export const signedText = (header: (json: string) => string, payload: (json: string) => string) => {
  return (issuer: TestIssuer) =>
    compactJws(
      header(JSON.stringify(issuer.header())),
      payload(JSON.stringify({ ...issuer.claims(), ...good })),
      issuer.signingKey,
    );
};
export const same = (json: string) => json;
export const withFirst = (member: string) => (json: string) => json.replace('{', `{${member},`);

/** The token cut in three, changed, and put together again; the signature is kept. */
export const edited = (edit: (parts: [string, string, string]) => readonly string[]) => {
  return (issuer: TestIssuer) => {
    const [header = '', payload = '', mac = ''] = issuer.accessToken(good).split('.');
    return edit([header, payload, mac]).join('.');
  };
};

export const unsigned = (alg: string) => (issuer: TestIssuer) =>
  `${encodePart({ ...issuer.header(), alg })}.${encodePart({ ...issuer.claims(), ...good })}.AA`;

export const hmac = (secret: (key: KeyObject) => string | Buffer) => (issuer: TestIssuer) => {
  const header = encodePart({ ...issuer.header(), alg: 'HS256' });
  const input = `${header}.${encodePart({ ...issuer.claims(), ...good })}`;
  const key = secret(issuer.signingKey.publicKey);
  return `${input}.${createHmac('sha256', key).update(input).digest('base64url')}`;
};
