import { Page } from './navigation.js';
import { buildSignInUrl } from './routes.js';
import { type SignedIn, signOut } from './session.js';
import { useState } from 'react';
import { RequestError } from './request.js';
import { texts } from './texts/texts.js';
import { Failure } from './ui.js';

interface SignInPageProps {
  readonly title: string;
  readonly text: string;
  /** The page to come back to. */
  readonly address: string;
}

/** Asks to sign in: at the first visit, after the end of the session, and after signing out. */
export const SignInPage = ({ title, text, address }: SignInPageProps) => (
  <Page title={title}>
    <p className="quiet">{text}</p>
    <a className="button" href={buildSignInUrl(address)}>
      {texts.menu.signIn}
    </a>
  </Page>
);

/** The back office for an account without a role. */
export const ForStaffOnlyPage = ({ user }: { readonly user: SignedIn }) => (
  <Page title={texts.session.staffTitle}>
    <p>{texts.session.staff(user.email ?? user.name ?? '')}</p>
    <p className="quiet">{texts.session.signOutFirst}</p>
  </Page>
);

/** Ends the session in this tool, and the others that began with the same sign-in. */
export function SignOut() {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<RequestError>();
  const onClick = () => {
    setBusy(true);
    signOut().catch((failure: unknown) => {
      setBusy(false);
      if (failure instanceof RequestError) setError(failure);
    });
  };
  return (
    <>
      {error && <Failure error={error} />}
      <button type="button" className="plain" disabled={isBusy} onClick={onClick}>
        {texts.menu.signOut}
      </button>
    </>
  );
}
