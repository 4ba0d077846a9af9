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
    {(session.tool === 'shop' || (session.signedIn && session.isAllowed)) && (
      <Menu tool={session.tool} />
    )}
    <div className="account">{session.signedIn ? <Account session={session} /> : <SignIn />}</div>
  </header>
);

const Account = ({ session }: { readonly session: Session & { readonly signedIn: true } }) => (
  <>
    <span className="quiet small person">{session.name ?? session.email}</span>
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

function Menu({ tool }: { readonly tool: Tool }) {
  const items = countItems(useBasket());
  const { products, basket, orders, allOrders, totals, label } = texts.menu;
  const entries: Record<Tool, readonly (readonly [string, string])[]> = {
    shop: [
      ['/', products],
      ['/basket', basket(items)],
      ['/orders', orders],
    ],
    'back-office': [
      ['/', allOrders],
      ['/totals', totals],
    ],
  };
  const [path = '/'] = useAddress().split('?');
  const { page } = findRoute(tool, path);
  return (
    <nav className="menu" aria-label={label}>
      {entries[tool].map(([to, text]) => (
        <Link key={to} to={to} isCurrent={page === findRoute(tool, to).page}>
          {text}
        </Link>
      ))}
    </nav>
  );
}
