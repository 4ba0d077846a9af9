type Language = 'en' | 'de';

/** Who may have the scope: each user, users with one of the roles, or clients for themselves. */
type DefaultScope = { readonly name: string } & (
  | ({ readonly holder: 'user' } & Sentences)
  | ({ readonly holder: 'staff'; readonly roles: readonly string[] } & Sentences)
  | { readonly holder: 'service' }
);

/** What the consent page shows, in each language. A language without a sentence does not compile. */
type Sentences = Readonly<Record<Language, string>>;

interface DefaultResourceServer {
  /** `AUDIENCE` of the service. */
  readonly identifier: string;
  readonly scopes: readonly DefaultScope[];
}

/**
 * The resource servers of this repository. The defaults of RESOURCE_SERVERS and FIRST_PARTY_SCOPE and the sentences of the consent
 * page come from this list. `npm run new:service` adds to it. `npm run docs:check` compares it with the scopes of each service.
 */
export const DEFAULT_RESOURCE_SERVERS: readonly DefaultResourceServer[] = [
  {
    identifier: 'http://localhost:3001',
    scopes: [
      {
        name: 'orders:read',
        holder: 'user',
        en: 'See your orders',
        de: 'Ihre Bestellungen sehen',
      },
      {
        name: 'orders:write',
        holder: 'user',
        en: 'Place and cancel orders for you',
        de: 'Für Sie bestellen und stornieren',
      },
      {
        name: 'orders:read:any',
        holder: 'staff',
        roles: ['support'],
        en: 'See the orders of all customers (support staff only)',
        de: 'Die Bestellungen aller Kunden sehen (nur Kundenbetreuung)',
      },
    ],
  },
  {
    identifier: 'http://localhost:3002',
    scopes: [
      {
        name: 'billing:read',
        holder: 'user',
        en: 'See your invoices',
        de: 'Ihre Rechnungen sehen',
      },
      {
        name: 'billing:pay',
        holder: 'user',
        en: 'Pay your invoices for you',
        de: 'Ihre Rechnungen für Sie bezahlen',
      },
      { name: 'billing:invoices:create', holder: 'service' },
      {
        name: 'billing:refund',
        holder: 'staff',
        roles: ['accounting'],
        en: 'Refund payments (accounting staff only)',
        de: 'Zahlungen erstatten (nur Buchhaltung)',
      },
      {
        name: 'billing:admin',
        holder: 'staff',
        roles: ['accounting'],
        en: 'See revenue (accounting staff only)',
        de: 'Umsätze sehen (nur Buchhaltung)',
      },
    ],
  },
  // new:service adds its resource server above
];

/** The list in the syntax of RESOURCE_SERVERS. */
export const defaultResourceServersSetting = (): string =>
  DEFAULT_RESOURCE_SERVERS.map(({ identifier, scopes }) =>
    [identifier, ...scopes.map((scope) => `${scope.name}${markOf(scope)}`)].join(' '),
  ).join('; ');

function markOf(scope: DefaultScope): string {
  if (scope.holder === 'user') return '';
  return scope.holder === 'service' ? '@service' : scope.roles.map((role) => `@${role}`).join('');
}

const SCOPES = DEFAULT_RESOURCE_SERVERS.flatMap(({ scopes }) => scopes);

/** The scopes that every user may have. */
export const DEFAULT_USER_SCOPES: readonly string[] = SCOPES.filter(
  ({ holder }) => holder === 'user',
).map(({ name }) => name);

/** The sentences of the consent page, by scope. No user sees a scope for services. */
export const sentencesIn = (language: Language): Readonly<Record<string, string>> =>
  Object.fromEntries(
    SCOPES.flatMap((scope) => (scope.holder === 'service' ? [] : [[scope.name, scope[language]]])),
  );
