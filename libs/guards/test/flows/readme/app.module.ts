// app.module.ts
import { Module } from '@nestjs/common';
import { GuardsModule } from '@gatehouse/guards';
import { OrdersController } from './orders.controller.js';

@Module({
  imports: [
    GuardsModule.forRoot({
      issuer: 'https://auth.example.com',
      audience: 'https://orders.example.com',
      algorithms: ['ES256'],
    }),
  ],
  controllers: [OrdersController],
})
export class AppModule {}
