import { useSyncExternalStore } from 'react';
import { request, RequestError, SESSION_CHANGED } from './request.js';
import type { Tool } from './routes.js';

export interface SignedOut {
  readonly signedIn: false;
  readonly tool: Tool;
}

export interface SignedIn {
  readonly signedIn: true;
  readonly tool: Tool;
  readonly name?: string;
  readonly email?: string;
  readonly scopes: readonly string[];
  /** False in the back office when the account has no role. */
  readonly isAllowed: boolean;
  /** The account page of the authorization server. */
  readonly accountUrl: string;
}

export type Session = (SignedOut | SignedIn) & {
  /** Whether the server has the panel of the demo. */
  readonly activity?: boolean;
};

export type SessionState =
  | { readonly kind: 'loading' }
  | { readonly kind: 'failed'; readonly error: RequestError }
  | { readonly kind: 'ready'; readonly session: Session; readonly hasEnded: boolean };

const CHANGED = 'session-loaded';
/** A tab that comes to the front asks again, because the session may have ended elsewhere. */
const MIN_AGE_MS = 2_000;

let state: SessionState = { kind: 'loading' };
let loadedAt = 0;

const subscribe = (onChange: () => void) => {
  window.addEventListener(CHANGED, onChange);
  return () => window.removeEventListener(CHANGED, onChange);
};

export const useSession = (): SessionState => useSyncExternalStore(subscribe, () => state);

/** The e-mail address of the user, who has signed in. */
export const getAccount = (): string | undefined =>
  state.kind === 'ready' && state.session.signedIn ? state.session.email : undefined;

/** Reads the session. The last known one stays while the server does not answer. */
export async function loadSession(): Promise<void> {
  loadedAt = Date.now();
  try {
    const { body: session } = await request<Session>('/session');
    const wasSignedIn = state.kind === 'ready' && (state.session.signedIn || state.hasEnded);
    state = { kind: 'ready', session, hasEnded: wasSignedIn && !session.signedIn };
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    if (state.kind !== 'ready') state = { kind: 'failed', error };
  }
  window.dispatchEvent(new Event(CHANGED));
}

/** Keeps the session in step with the server. */
export function watchSession(): void {
  window.addEventListener(SESSION_CHANGED, () => void loadSession());
  document.addEventListener('visibilitychange', () => {
    const isOld = Date.now() - loadedAt > MIN_AGE_MS;
    if (document.visibilityState === 'visible' && isOld) void loadSession();
  });
}

/** Ends the session, and forgets the basket and all else that this tab keeps. Loads the page anew. */
export async function signOut(): Promise<void> {
  await request('/sign-out', { method: 'POST' });
  sessionStorage.clear();
  location.assign('/signed-out');
}
