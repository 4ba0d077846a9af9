import { z } from 'zod';

export const paymentRequest = z.strictObject({
  method: z
    .string()
    .regex(/^[\w-]{1,64}$/, 'must be 1 to 64 letters, digits, hyphens and underscores')
    .describe(
      'What the payment provider knows the means of payment by, such as the token of a card',
    )
    .meta({ example: 'test-ok' }),
});
export type PaymentRequest = z.infer<typeof paymentRequest>;
