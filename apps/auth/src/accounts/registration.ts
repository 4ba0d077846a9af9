import { z } from 'zod';

/** Lower case: one person, one account. */
export const email = z
  .email()
  .max(254)
  .transform((text) => text.toLowerCase());

/** 8 to 128 characters of any kind, taken exactly as typed (OWASP ASVS 6.2). */
export const newPassword = z
  .string()
  .refine((text) => text.isWellFormed() && isBetween(8, [...text].length, 128), {
    error: 'must have 8 to 128 characters',
  });

const isBetween = (least: number, value: number, most: number) => value >= least && value <= most;

export const registration = z
  .object({ email, password: newPassword })
  .refine(({ email, password }) => password.toLowerCase() !== email, {
    path: ['password'],
    error: 'must not be the e-mail',
  });
export type Registration = z.infer<typeof registration>;
