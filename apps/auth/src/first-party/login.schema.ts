import { z } from 'zod';
import { email } from '../accounts/registration.schema.js';

const resource = z.string().max(2000);
const scope = z.string().max(2000).optional();

export const loginParameters = z.object({
  email,
  password: z.string().max(512),
  scope: scope.describe('Less than the first-party client may have; all of it when left out'),
  resource: z
    .union([resource, z.array(resource).min(1).max(10)])
    .optional()
    .describe('The resource servers that the login is good for; all of them when left out'),
  cookie: z
    .boolean()
    .default(false)
    .describe('For browsers: keep the refresh token in an HttpOnly cookie instead of the answer'),
});
export type LoginParameters = z.infer<typeof loginParameters>;

/** `refresh_token` is optional, because browsers send it in the cookie. */
export const refreshParameters = z
  .object({ refresh_token: z.string().max(200).optional(), scope, resource: resource.optional() })
  .default({});
export type RefreshParameters = z.infer<typeof refreshParameters>;

export const logoutParameters = refreshParameters
  .unwrap()
  .pick({ refresh_token: true })
  .default({});
export type LogoutParameters = z.infer<typeof logoutParameters>;
