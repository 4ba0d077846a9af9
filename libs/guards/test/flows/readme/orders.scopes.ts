// orders.scopes.ts
import { defineScopes } from '@gatehouse/guards';

export const { RequireScopes, RequireAnyScope } = defineScopes('orders:read', 'orders:write');
