/** Orders on one platform, a process of its own. Says `{ port }` to its parent when it listens. */
import { ordersConfig } from '../../apps/orders/dist/orders.config.js';
import { PLATFORMS, withoutGuard } from './application.mjs';

const [platform, guard] = process.argv.slice(2);
if (guard === 'unguarded') withoutGuard();
const app = await PLATFORMS[platform](ordersConfig());
await app.listen(0, '127.0.0.1');
process.send({ port: app.getHttpServer().address().port });
