import { z } from 'zod';

/** A private key of the curve P-256 (RFC 7518 §6.2). */
const privateKey = z.object({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: z.string(),
  y: z.string(),
  d: z.string(),
  kid: z.string().optional(),
});

export type ClientKey = Readonly<z.infer<typeof privateKey>>;

/** The key by which the client authenticates (`private_key_jwt`): a JWK as JSON, or as base64url of JSON. */
export function clientKeySetting() {
  const error = 'must be a private JWK with kty EC and crv P-256, as JSON or as base64url of JSON';
  return z
    .string()
    .transform((text, context): ClientKey => {
      const { success, data } = privateKey.safeParse(parseJson(text));
      if (success) return data;
      context.addIssue(error);
      return z.NEVER;
    })
    .meta({ secret: true, format: 'JWK' });
}

function parseJson(text: string): unknown {
  const json = text.startsWith('{') ? text : Buffer.from(text, 'base64url').toString();
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
