import { coloursFor } from '../terminal/colours.mjs';
import { credentialsIn } from '../demo/credentials.mjs';
import { DEFAULT_PORTS, portVariable } from './addresses.mjs';

/** What somebody who has just started the stack wants to know, and what to type next. */
export function announce({ services, stream, profile }) {
  const paint = coloursFor(stream);
  const heading = (text) => paint('bold', text);
  const rows = [
    [heading('Gatehouse is running.')],
    [],
    ...services.map(({ name, port }) => {
      const url = `http://localhost:${port}`;
      return [`  ${name.padEnd(9)}`, url.padEnd(24), `try it: ${url}/docs`];
    }),
    ...accounts(profile, heading),
    [],
    [`  next: ${NEXT[profile.name](services)}`],
  ];
  stream.write(`\n${rows.map((cells) => cells.join('')).join('\n')}\n\n`);
}

const NEXT = {
  demo: (services) =>
    `${movedPorts(services)}npm run demo   (in another terminal; Ctrl-C here stops the stack)`,
  conformance: () => 'docs/conformance.md   (Ctrl-C here stops the server)',
};

/** By name of the variable that holds the secret: whose it is, or which variable says so. */
const ACCOUNTS = {
  DEMO_PASSWORD: ['account', 'DEMO_EMAIL'],
  ORDERS_SERVICE_SECRET: ['client', 'orders-service'],
  SHORT_LIVED_SECRET: ['client', 'short-lived-demo'],
  DEMO_WEBSITE_SECRET: ['client', 'demo-website'],
  CONFORMANCE_PASSWORD: ['account', 'CONFORMANCE_EMAIL'],
  CONFORMANCE_ONE_SECRET: ['client', 'conformance-one'],
  CONFORMANCE_TWO_SECRET: ['client', 'conformance-two'],
  CONFORMANCE_POST_SECRET: ['client', 'conformance-post'],
};

function accounts({ credentials: file }, heading) {
  const credentials = credentialsIn(file);
  if (!credentials) return [];
  const known = Object.entries(ACCOUNTS).filter(([name]) => credentials[name]);
  return [
    [],
    [heading('For trying things, in development only')],
    ...known.map(([name, [kind, id]]) => {
      return [`  ${kind.padEnd(9)}`, (credentials[id] ?? id).padEnd(30), credentials[name]];
    }),
  ];
}

/** The demo finds apps on other ports by the same variables. */
function movedPorts(services) {
  return services
    .filter(({ name, port }) => port !== DEFAULT_PORTS[name])
    .map(({ name, port }) => `${portVariable(name)}=${port} `)
    .join('');
}
