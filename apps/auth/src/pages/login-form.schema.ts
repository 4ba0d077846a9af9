import { z } from 'zod';

/** A password that is too long, missing or sent twice becomes an empty one, which is answered like a wrong password. */
const passwordField = z.string().max(512).catch('');

/** Rejects control characters, because databases do not store NUL and no e-mail address has them. */
const emailField = z
  .string()
  .max(254)
  .regex(/^\P{Cc}*$/u)
  .catch('');

export const loginForm = z.object({
  login: emailField.transform((email) => email.trim().toLowerCase()),
  password: passwordField,
});
export type LoginForm = z.infer<typeof loginForm>;
