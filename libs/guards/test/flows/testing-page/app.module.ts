// app.module.ts
import { Controller, Get, Module } from '@nestjs/common';
import { AccessToken, GuardsModule, type GuardsOptions, RequireScopes } from '@gatehouse/guards';

@Controller('orders')
export class OrdersController {
  @Get()
  @RequireScopes('orders:read')
  list(@AccessToken() token: AccessToken) {
    return { ordersOf: token.subject };
  }
}

export const guardsOptions: GuardsOptions = {
  issuer: 'https://auth.example.com',
  audience: 'https://orders.example.com',
  algorithms: ['ES256'],
};

@Module({ imports: [GuardsModule.forRoot(guardsOptions)], controllers: [OrdersController] })
export class AppModule {}
