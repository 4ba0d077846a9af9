import { describeResourceServers } from './resource-servers.mjs';

const HEAD = `<!-- Written by npm run docs:build from the running apps. Change apps/*/src/*.scopes.ts, or the decorators. -->

# Scopes

A scope is what an access token allows. The resource server that enforces a scope declares it, next to its routes, with the
sentence that a person would be asked; [CONTRIBUTING.md](../CONTRIBUTING.md#how-do-i-add-a-scope) says how to add one.
\`RESOURCE_SERVERS\` of auth says which resource server knows which scope, and \`FIRST_PARTY_SCOPE\` which of them people get
by the first-party login. A client of its own gets what it is registered with. All defaults are in
[configuration.md](configuration.md).

| Scope | Who holds it may | Resource server | Routes | By default given to |
| --- | --- | --- | --- | --- |`;

export async function scopesPage() {
  const rows = (await describeResourceServers()).flatMap(({ app, audience, scopes }) =>
    scopes.map(({ name, sentence, routes, holders }) => [
      `\`${name}\``,
      sentence,
      `${app}, \`${audience}\``,
      routes.map((route) => `\`${route}\``).join('<br>'),
      holders,
    ]),
  );
  return `${[HEAD, ...rows.map((cells) => `| ${cells.join(' | ')} |`)].join('\n')}\n`;
}
