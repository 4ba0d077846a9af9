import type { Tool, WebConfig } from '../web.config.js';

type Settings = Pick<WebConfig, 'TOOL' | 'AUTH_ISSUER' | 'ORDERS_RESOURCE' | 'BILLING_RESOURCE'>;

interface AccessPlan {
  /** What the tool requests. The user's roles can leave out scopes of staff. */
  readonly scopes: readonly string[];
  /** The user needs one of these to use the tool; empty: every user may. */
  readonly anyOf: readonly string[];
}

/** `sessions:end` is for the sign-out. `offline_access` is missing on purpose: these sessions end with the browser session. */
const COMMON = ['openid', 'profile', 'email', 'sessions:end'];
const STAFF = ['orders:read:any', 'billing:refund', 'billing:admin'];

const PLANS: Readonly<Record<Tool, AccessPlan>> = {
  shop: {
    scopes: [...COMMON, 'orders:read', 'orders:write', 'billing:read', 'billing:pay'],
    anyOf: [],
  },
  'back-office': {
    scopes: [...COMMON, ...STAFF],
    anyOf: STAFF,
  },
};

export const getRequestedScopes = ({ TOOL }: Settings): readonly string[] => PLANS[TOOL].scopes;

/** The resource servers for which a session has access tokens, beside the authorization server. */
export const listApis = ({ ORDERS_RESOURCE, BILLING_RESOURCE }: Settings): readonly string[] => [
  ORDERS_RESOURCE,
  BILLING_RESOURCE,
];

/** @param scopes that the user's session has */
export const isToolAllowed = ({ TOOL }: Settings, scopes: readonly string[]): boolean => {
  const { anyOf } = PLANS[TOOL];
  return anyOf.length === 0 || anyOf.some((scope) => scopes.includes(scope));
};
