import { z } from 'zod';
import { findPasswordFault } from './password-policy.js';

/** Lower case: one person, one account. */
export const email = z
  .email()
  .max(254)
  .transform((text) => text.toLowerCase());

/** What may be a password, whosever it is. */
export const newPassword = z.string().superRefine((password, context) => {
  const message = findPasswordFault(password);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});

export const registration = z
  .object({ email, password: newPassword })
  .superRefine((wish, context) => {
    const message = findPasswordFault(wish.password, wish.email);
    if (message !== undefined) context.addIssue({ code: 'custom', path: ['password'], message });
  });
export type Registration = z.infer<typeof registration>;
