import { useCallback, useEffect, useState } from 'react';
import { type Answer, request, RequestError } from './request.js';

export interface Resource<Body> {
  /** The last answer. It stays while a newer one is loaded. */
  readonly answer: Answer<Body> | undefined;
  readonly error: RequestError | undefined;
  /** Whether another request follows by itself. */
  readonly isPolling: boolean;
  readonly reload: () => void;
}

export interface Loaded<Body> {
  readonly path: string;
  readonly answer?: Answer<Body> | undefined;
  readonly error?: RequestError | undefined;
  readonly isPolling: boolean;
}

const MIN_PAUSE_MS = 400;
const MAX_PAUSE_MS = 8_000;
/** With growing pauses, more than two minutes. */
const MAX_ATTEMPTS = 24;

const pauseBefore = (attempt: number) => Math.min(MIN_PAUSE_MS * 1.5 ** attempt, MAX_PAUSE_MS);

const isFinished = () => false;

/**
 * Reads a resource, and reads it again with growing pauses while its content is unfinished or the server does not answer.
 *
 * @param isUnfinished another function begins again, so it is defined outside of a component
 */
export function useResource<Body>(
  path: string,
  isUnfinished: (body: Body) => boolean = isFinished,
): Resource<Body> {
  const [loaded, setLoaded] = useState<Loaded<Body>>({ path, isPolling: true });
  const [version, setVersion] = useState(0);
  const reload = useCallback(() => setVersion((last) => last + 1), []);
  useEffect(() => {
    const abort = new AbortController();
    void poll({ path, isUnfinished, signal: abort.signal, onChange: setLoaded });
    return () => abort.abort();
  }, [path, version, isUnfinished]);
  // After a change of the path the last answer is of another resource.
  const current = loaded.path === path ? loaded : { isPolling: true };
  return { answer: undefined, error: undefined, ...current, reload };
}

interface Polling<Body> {
  readonly path: string;
  readonly isUnfinished: (body: Body) => boolean;
  readonly signal: AbortSignal;
  readonly onChange: (change: (last: Loaded<Body>) => Loaded<Body>) => void;
}

async function poll<Body>({ path, isUnfinished, signal, onChange }: Polling<Body>): Promise<void> {
  for (let attempt = 1; !signal.aborted; attempt += 1) {
    const outcome = await load<Body>(path, signal);
    if (signal.aborted) return;
    const { answer, error } = outcome;
    const wantsMore = answer ? isUnfinished(answer.body) : error?.isTemporary === true;
    const isPolling = wantsMore && attempt < MAX_ATTEMPTS;
    onChange((last) => ({
      path,
      answer: last.path === path ? last.answer : undefined,
      ...outcome,
      isPolling,
    }));
    if (!isPolling) return;
    await new Promise((resolve) => setTimeout(resolve, pauseBefore(attempt)));
  }
}

async function load<Body>(path: string, signal: AbortSignal) {
  try {
    return { answer: await request<Body>(path, { signal }), error: undefined };
  } catch (error) {
    if (error instanceof RequestError) return { error };
    throw error;
  }
}
