import { withoutEmpty } from '@gatehouse/service-kit';
import { z } from 'zod';

/** OpenID Connect RP-Initiated Logout §2. `logout_hint` is ignored: a browser has one session, and its person is asked. */
const parameters = z.object({
  id_token_hint: z.string().max(4500).optional(),
  client_id: z
    .string()
    .regex(/^[\x21-\x7e]{1,64}$/)
    .optional(),
  post_logout_redirect_uri: z.string().max(2000).optional(),
  state: z.string().max(2000).optional(),
  ui_locales: z.string().max(500).optional(),
});

/** There may be none at all. */
export const logoutParameters = z.preprocess(withoutEmpty, parameters.default({}));
export type LogoutParameters = z.infer<typeof logoutParameters>;

/** What the form that asks the person carries on: it was proven, and is again. */
export const confirmedParameters = parameters.pick({
  client_id: true,
  post_logout_redirect_uri: true,
  state: true,
});
export type ConfirmedParameters = z.infer<typeof confirmedParameters>;
