import { AccessTokenStrategy, GuardsModule } from '@gatehouse/guards';
import { NestFactory } from '@nestjs/core';

/** The strategy that the guard asks, out of the real module, with keys that it fetches itself. */
export async function gatehouse(issuers, tokenCache = {}) {
  const trusted = issuers.map(({ settings: { issuer, algorithm, jwksUri } }) => {
    return { issuer, algorithms: [algorithm], jwksUri };
  });
  const { audience } = issuers[0];
  const module = GuardsModule.forRoot({ audience, issuers: trusted, tokenCache });
  const context = await NestFactory.createApplicationContext(module, { logger: false });
  const strategy = context.get(AccessTokenStrategy);
  return (authorization) =>
    strategy.verify({
      headers: { host: 'api.example', authorization },
      rawHeaders: ['Host', 'api.example', 'Authorization', authorization],
      url: '/orders',
    });
}

export function gatehouseWithoutCache(issuers) {
  return gatehouse(issuers, { maxTokens: 0 });
}
