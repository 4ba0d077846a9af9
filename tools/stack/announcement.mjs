import { coloursFor } from '../terminal/colours.mjs';
import { demoCredentials } from '../demo/credentials.mjs';
import { DEFAULT_PORTS, portVariable } from './addresses.mjs';

/** What somebody who has just started the stack wants to know, and what to type next. */
export function announce({ services, stream, env }) {
  const paint = coloursFor(stream);
  const heading = (text) => paint('bold', text);
  const rows = [
    [heading('Gatehouse is running.')],
    [],
    ...services.map(({ name, port }) => {
      const url = `http://localhost:${port}`;
      return [`  ${name.padEnd(9)}`, url.padEnd(24), `try it: ${url}/docs`];
    }),
    ...accounts(demoCredentials(env), heading),
    [],
    [
      `  next: ${movedPorts(services)}npm run demo`,
      '   (in another terminal; Ctrl-C here stops the stack)',
    ],
  ];
  stream.write(`\n${rows.map((cells) => cells.join('')).join('\n')}\n\n`);
}

function accounts(credentials, heading) {
  if (!credentials) return [];
  return [
    [],
    [heading('For trying things, in development only')],
    ['  account  ', credentials.DEMO_EMAIL.padEnd(24), credentials.DEMO_PASSWORD],
    ['  client   ', 'orders-service'.padEnd(24), credentials.ORDERS_SERVICE_SECRET],
    ['  client   ', 'short-lived-demo'.padEnd(24), credentials.SHORT_LIVED_SECRET],
  ];
}

/** The demo finds apps on other ports by the same variables. */
function movedPorts(services) {
  return services
    .filter(({ name, port }) => port !== DEFAULT_PORTS[name])
    .map(({ name, port }) => `${portVariable(name)}=${port} `)
    .join('');
}
