import { z } from 'zod';

/** What is too long, missing or sent twice is as wrong as a wrong password, and answered as such. */
const typed = z.string().max(512).catch('');

/** No database takes a NUL, and no address has a control character. */
const address = z
  .string()
  .max(254)
  .regex(/^\P{Cc}*$/u)
  .catch('');

export const loginForm = z.object({
  login: address.transform((email) => email.trim().toLowerCase()),
  password: typed,
});
export type LoginForm = z.infer<typeof loginForm>;
