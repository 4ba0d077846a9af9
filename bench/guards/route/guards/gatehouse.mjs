import { GuardsModule, RequireScopes } from '@gatehouse/guards';

/** As its documentation says. It checks a scope too, because a handler that requires nothing does not start. */
export function gatehouse({ issuer, audience, algorithm, jwksUri }) {
  return {
    imports: [GuardsModule.forRoot({ issuer, audience, algorithms: [algorithm], jwksUri })],
    decorators: [RequireScopes('orders:read')],
  };
}
