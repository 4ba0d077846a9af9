import { createRoot } from 'react-dom/client';
import { App } from './app.js';
import { takePendingRequest } from './pending-request.js';
import { loadSession, watchSession } from './session.js';
import { texts } from './texts/texts.js';

document.documentElement.lang = texts.language;

const pending = takePendingRequest(sessionStorage, location.search, Date.now());
if (pending) history.replaceState(null, '', pending.returnTo);

// A page that the browser kept while the user was at the sign-in shows an old state.
window.addEventListener('pageshow', ({ persisted }) => persisted && location.reload());

watchSession();
void loadSession();

const root = document.getElementById('root');
if (root) createRoot(root).render(<App pending={pending} />);
