/** One Nest application behind one guard, a process of its own. Says `{ port }` to its parent when it listens. */
import { application } from './application.mjs';
import { expressOauth2JwtBearer } from './guards/express-oauth2-jwt-bearer.mjs';
import { gatehouse } from './guards/gatehouse.mjs';
import { none } from './guards/none.mjs';
import { stock } from './guards/stock.mjs';

const GUARDS = { none, gatehouse, stock, 'express-oauth2-jwt-bearer': expressOauth2JwtBearer };

const [platform, guard, settings] = process.argv.slice(2);
const app = await application(platform, GUARDS[guard](JSON.parse(settings)));
await app.listen(0, '127.0.0.1');
process.send({ port: app.getHttpServer().address().port });
