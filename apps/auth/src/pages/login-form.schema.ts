import { z } from 'zod';

/** What is too long, missing or sent twice is as wrong as a wrong password, and answered as such. */
const passwordField = z.string().max(512).catch('');

/** No database takes a NUL, and no address has a control character. */
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
