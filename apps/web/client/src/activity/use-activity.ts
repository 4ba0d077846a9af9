import { useCallback, useEffect, useRef, useState } from 'react';
import { request } from '../request.js';
import type { DrillName, Entry } from './entries.js';

const POLL_MS = 1000;
const MAX_ENTRIES = 300;

/** The answer of `GET /activity`. */
interface Activity {
  readonly entries: readonly Entry[];
  readonly hasLauncher: boolean;
  readonly mailboxUrl: string;
}

const NOTHING: Activity = { entries: [], hasLauncher: false, mailboxUrl: '' };

/**
 * Reads the entries of this session once a second, while the panel is open and the page is visible.
 *
 * @param isOpen whether the panel is open
 */
export function useActivity(isOpen: boolean) {
  const [activity, setActivity] = useState(NOTHING);
  const [now, setNow] = useState(Date.now);
  const lastId = useRef(0);

  const read = useCallback(async () => {
    const { body } = await request<Activity>(`/activity?after=${lastId.current}`);
    lastId.current = body.entries.at(-1)?.id ?? lastId.current;
    setActivity(({ entries: before }) => ({
      ...body,
      entries: [...before, ...body.entries].slice(-MAX_ENTRIES),
    }));
  }, []);

  useEffect(() => {
    if (!isOpen) return;
    const tick = () => {
      setNow(Date.now());
      // The server of this page may be away too. The next second tries again.
      if (!document.hidden) read().catch(() => undefined);
    };
    tick();
    const timer = setInterval(tick, POLL_MS);
    return () => clearInterval(timer);
  }, [isOpen, read]);

  const start = useCallback(
    async (drill: DrillName) => {
      try {
        await request(`/activity/drills/${drill}`, { method: 'POST' });
        await read();
        return true;
      } catch {
        return false;
      }
    },
    [read],
  );

  return { ...activity, now, start };
}
