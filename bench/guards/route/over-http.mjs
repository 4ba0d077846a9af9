import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageFrom, start, stop } from '../../machine/processes.mjs';
import { Issuer } from '../issuer.mjs';
import { measureRoutes } from './measure.mjs';
import { probe } from './probe.mjs';
import { SERVERS, startServer } from './servers.mjs';

const GENERATOR = fileURLToPath(new URL('./generator.mjs', import.meta.url));

/** Measures servers with tokens of one algorithm. All of them are up during the whole measurement. */
export async function overHttp(algorithm, { plan, place: { dir, pins }, lineUp = SERVERS }) {
  const issuer = await Issuer.start({ algorithm });
  const children = [];
  try {
    const servers = [];
    for (const each of lineUp) {
      const server = await startServer(each, { dir, cpu: pins?.server, issuer });
      children.push(server.child);
      await probe(server, issuer);
      servers.push(server);
    }
    const generator = start({
      script: GENERATOR,
      cpu: pins?.client,
      log: join(dir, 'generator.log'),
    });
    children.push(generator);
    await messageFrom(generator);
    return await measureRoutes({ servers, generator, issuer }, plan);
  } finally {
    await Promise.all(children.map(stop));
    issuer.close();
  }
}
