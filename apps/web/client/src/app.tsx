import { type ComponentType, lazy, Suspense, useEffect, useState } from 'react';
import { StaffOrderPage } from './back-office/staff-order-page.js';
import { TotalsPage } from './back-office/totals-page.js';
import { Header } from './header.js';
import { Link, navigate, Page, SkipLink, useAddress } from './navigation.js';
import { OrderListPage } from './orders/order-list-page.js';
import { findRequestOf, type PendingRequest } from './pending-request.js';
import { resumeRequest, type Resumption } from './resumption.js';
import { findRoute, isPublic, type Route } from './routes.js';
import { loadSession, type Session, type SignedIn, useSession } from './session.js';
import { ForStaffOnlyPage, SignInPage } from './session-pages.js';
import { BasketPage } from './shop/basket-page.js';
import { CustomerOrderPage } from './shop/customer-order-page.js';
import { ProductsPage } from './shop/products-page.js';
import { texts } from './texts/texts.js';
import { Failure, Notice, Progress } from './ui.js';

/** The panel of the demo, if this build has its folder. */
const [loadPanel] = Object.values(
  import.meta.glob<{ default: ComponentType }>('./activity/panel.tsx'),
);
const ActivityPanel = loadPanel && lazy(loadPanel);

interface AppProps {
  /** A request that waited for a sign-in, which has happened now. */
  readonly pending: PendingRequest | undefined;
}

export function App({ pending }: AppProps) {
  const state = useSession();
  if (state.kind !== 'ready') {
    const retry = () => void loadSession();
    return (
      <main>
        <h1 className="unseen">Gatehouse</h1>
        {state.kind === 'loading' && <Progress>{texts.loading}</Progress>}
        {state.kind === 'failed' && <Failure error={state.error} onRetry={retry} />}
      </main>
    );
  }
  const { session, hasEnded } = state;
  return (
    <>
      <SkipLink />
      <Header session={session} />
      <main id="main" tabIndex={-1}>
        <Content session={session} hasEnded={hasEnded} pending={pending} />
      </main>
      {session.activity && ActivityPanel && (
        <Suspense>
          <ActivityPanel />
        </Suspense>
      )}
    </>
  );
}

interface ContentProps extends AppProps {
  readonly session: Session;
  /** Whether the user was signed in when this tab was opened. */
  readonly hasEnded: boolean;
}

function Content({ session, hasEnded, pending }: ContentProps) {
  const address = useAddress();
  const resumption = useResumption(
    findRequestOf(pending, session.signedIn ? session.email : undefined),
  );
  const failure = describeSignInFailure(address);
  const route = findRoute(session.tool, location.pathname);
  if (resumption === 'running') return <Progress>{texts.refund.resuming}</Progress>;
  return (
    <>
      {resumption && <Notice kind={resumption.isGood ? 'good' : 'bad'}>{resumption.text}</Notice>}
      {failure && <Notice kind="bad">{failure}</Notice>}
      <RoutedPage key={address} route={route} session={session} hasEnded={hasEnded} />
    </>
  );
}

/** The server ends a failed sign-in at the start page with `?sign_in=` and the reason. */
function describeSignInFailure(address: string): string | undefined {
  const reason = new URLSearchParams(address.split('?')[1]).get('sign_in');
  const sentences: Readonly<Record<string, string>> = texts.session.failures;
  return reason !== null && Object.hasOwn(sentences, reason) ? sentences[reason] : undefined;
}

/** Sends the waiting request once, and tells its result until the user opens another page. */
function useResumption(pending: PendingRequest | undefined): Resumption | 'running' | undefined {
  const address = useAddress();
  const [outcome, setOutcome] = useState<Resumption | 'running' | undefined>(pending && 'running');
  useEffect(() => {
    if (pending) void resumeRequest(pending).then(setOutcome);
  }, []);
  useEffect(() => setOutcome((last) => (last === 'running' ? last : undefined)), [address]);
  return outcome;
}

interface RoutedPageProps {
  readonly route: Route;
  readonly session: Session;
  readonly hasEnded: boolean;
}

function RoutedPage({ route, session, hasEnded }: RoutedPageProps) {
  const { endedTitle, ended, signedOut, signInTitle, officeSignIn, shopSignIn } = texts.session;
  const address = location.pathname + location.search;
  if (route.page === 'signed-out' && !session.signedIn)
    return <SignInPage title={endedTitle} text={signedOut} address="/" />;
  if (isPublic(route)) return <PublicPage route={route} session={session} />;
  if (!session.signedIn) {
    const invitation = session.tool === 'shop' ? shopSignIn : officeSignIn;
    const [title, text] = hasEnded ? [endedTitle, ended] : [signInTitle, invitation];
    return <SignInPage title={title} text={text} address={address} />;
  }
  if (!session.isAllowed) return <ForStaffOnlyPage user={session} />;
  return <PrivatePage route={route} session={session} />;
}

function PublicPage({ route, session }: Omit<RoutedPageProps, 'hasEnded'>) {
  const isLeft = route.page === 'signed-out';
  useEffect(() => {
    // The user has signed in again, in another tab.
    if (isLeft) navigate('/', { replace: true });
  }, [isLeft]);
  if (route.page === 'products') return <ProductsPage />;
  if (route.page === 'basket') return <BasketPage user={session.signedIn ? session : undefined} />;
  return isLeft ? null : <NotFoundPage />;
}

function PrivatePage({ route, session }: { readonly route: Route; readonly session: SignedIn }) {
  const isForStaff = session.tool === 'back-office';
  if (route.page === 'totals') return <TotalsPage />;
  if (route.page !== 'order') return <OrderListPage isForStaff={isForStaff} />;
  return isForStaff ? <StaffOrderPage id={route.id} /> : <CustomerOrderPage id={route.id} />;
}

const NotFoundPage = () => (
  <Page title={texts.notFound.title}>
    <p className="quiet">{texts.notFound.text}</p>
    <Link to="/" className="button">
      {texts.notFound.back}
    </Link>
  </Page>
);
