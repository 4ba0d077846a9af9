import { useRef, useState } from 'react';
import { keepPendingRequest, type PendingRequest } from './pending-request.js';
import { type Answer, request, RequestError } from './request.js';
import { buildSignInUrl } from './routes.js';
import { getAccount } from './session.js';

export interface Action {
  /** Sends the request, unless it is on its way. */
  readonly run: () => void;
  readonly isBusy: boolean;
  readonly error: RequestError | undefined;
}

export interface ActionOptions<Body> {
  readonly build: () => Pick<PendingRequest, 'path' | 'headers' | 'body'>;
  readonly onDone: (answer: Answer<Body>) => void;
  readonly onFailed?: (error: RequestError) => void;
  /** For an action that may need a recent sign-in. The request then continues after it. */
  readonly kind?: PendingRequest['kind'];
}

/** A request that changes something. A second click while it is on its way does nothing. */
export function useAction<Body>(options: ActionOptions<Body>): Action {
  const isSent = useRef(false);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<RequestError>();
  const run = async () => {
    if (isSent.current) return;
    isSent.current = true;
    setBusy(true);
    setError(undefined);
    const failure = await perform(options);
    if (failure === 'leaving') return;
    isSent.current = false;
    setBusy(false);
    setError(failure);
  };
  return { run: () => void run(), isBusy, error };
}

async function perform<Body>(
  options: ActionOptions<Body>,
): Promise<RequestError | 'leaving' | undefined> {
  const { build, onDone, onFailed, kind } = options;
  const { path, headers, body } = build();
  try {
    onDone(await request<Body>(path, { method: 'POST', headers, body }));
    return undefined;
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    if (kind && error.problem.code === 'step_up_required') {
      const account = getAccount() ?? '';
      const pending = { path, headers, body, kind, account, returnTo: location.pathname };
      const address = keepPendingRequest(sessionStorage, pending, Date.now());
      location.assign(buildSignInUrl(address, error.problem.maxAge));
      return 'leaving';
    }
    onFailed?.(error);
    return error;
  }
}
