import { countItems } from './catalogue.js';
import { Link, useAddress } from './navigation.js';
import { buildSignInUrl, findRoute, type Tool } from './routes.js';
import type { Session } from './session.js';
import { SignOut } from './session-pages.js';
import { useBasket } from './shop/basket-store.js';
import { texts } from './texts/texts.js';
import { Logo } from './ui.js';

/** The tool, its menu, and the account. */
export const Header = ({ session }: { readonly session: Session }) => (
  <header>
    <Link to="/" className="brand">
      <Logo /> Gatehouse <span className="tool">{texts.tools[session.tool]}</span>
    </Link>
    <Menu session={session} />
    <div className="account">{session.signedIn ? <Account session={session} /> : <SignIn />}</div>
  </header>
);

const Account = ({ session }: { readonly session: Session & { readonly signedIn: true } }) => (
  <>
    <a className="small person" href={session.accountUrl} title={texts.menu.account}>
      {session.name ?? session.email}
    </a>
    <SignOut />
  </>
);

function SignIn() {
  const address = useAddress();
  const target = address.startsWith('/signed-out') ? '/' : address;
  return (
    <a className="button plain" href={buildSignInUrl(target)}>
      {texts.menu.signIn}
    </a>
  );
}

interface MenuEntry {
  readonly to: string;
  readonly text: string;
  /** Without this scope the page would be empty. */
  readonly scope?: string;
}

const listEntries = (tool: Tool, items: number): readonly MenuEntry[] => {
  const { products, basket, orders, allOrders, totals } = texts.menu;
  return tool === 'shop'
    ? [
        { to: '/', text: products },
        { to: '/basket', text: basket(items) },
        { to: '/orders', text: orders },
      ]
    : [
        { to: '/', text: allOrders, scope: 'orders:read:any' },
        { to: '/totals', text: totals, scope: 'billing:admin' },
      ];
};

function Menu({ session }: { readonly session: Session }) {
  const { tool } = session;
  const scopes = session.signedIn ? session.scopes : [];
  const items = countItems(useBasket());
  const [path = '/'] = useAddress().split('?');
  const { page } = findRoute(tool, path);
  const entries = listEntries(tool, items).filter(
    ({ scope }) => scope === undefined || scopes.includes(scope),
  );
  return (
    entries.length > 0 && (
      <nav className="menu" aria-label={texts.menu.label}>
        {entries.map(({ to, text }) => (
          <Link key={to} to={to} isCurrent={page === findRoute(tool, to).page}>
            {text}
          </Link>
        ))}
      </nav>
    )
  );
}
