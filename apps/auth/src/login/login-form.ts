import { z } from 'zod';

/** What is too long, missing or sent twice is as wrong as a wrong password, and answered as such. */
const typed = (max: number) => z.string().max(max).catch('');

export const loginForm = z.object({
  login: typed(254).transform((email) => email.trim().toLowerCase()),
  password: typed(512),
});
export type LoginForm = z.infer<typeof loginForm>;
