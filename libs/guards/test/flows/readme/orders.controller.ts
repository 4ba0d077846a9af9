// orders.controller.ts
import { Controller, Get } from '@nestjs/common';
import { AccessToken, Public, RequireScopes } from '@gatehouse/guards';

@Controller('orders')
export class OrdersController {
  @Get()
  @RequireScopes('orders:read')
  list(@AccessToken() token: AccessToken) {
    return { ordersOf: token.subject };
  }

  @Get('prices')
  @Public()
  prices() {
    return { pizza: 12 };
  }
}
