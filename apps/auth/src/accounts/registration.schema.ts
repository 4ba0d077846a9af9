import { z } from 'zod';
import { findPasswordFault } from './password-policy.js';

/** Transformed to lower case, so that one e-mail address has one account. */
export const email = z
  .email()
  .max(254)
  .transform((text) => text.toLowerCase());

/** An acceptable password for every account; {@link registration} also compares it with the owner's e-mail. */
export const newPassword = z.string().superRefine((password, context) => {
  const message = findPasswordFault(password);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});

export const registration = z
  .object({ email, password: newPassword })
  .superRefine((request, context) => {
    const message = findPasswordFault(request.password, request.email);
    if (message !== undefined) context.addIssue({ code: 'custom', path: ['password'], message });
  });
export type Registration = z.infer<typeof registration>;
