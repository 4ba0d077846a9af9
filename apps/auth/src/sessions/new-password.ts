import { z } from 'zod';
import { newPassword } from '../accounts/registration.js';

/** The rules for the new one are those of registration; the current one is whatever was taken then. */
export const newPasswordParameters = z.object({
  current_password: z.string().max(512),
  new_password: newPassword,
});
export type NewPassword = z.infer<typeof newPasswordParameters>;
