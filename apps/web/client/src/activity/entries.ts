const DRILL_NAMES = [
  'replay',
  'end-session',
  'rotate-keys',
  'wrong-audience',
  'stop-auth',
] as const;
export type DrillName = (typeof DRILL_NAMES)[number];

const LAUNCHER_DRILLS: readonly DrillName[] = ['rotate-keys', 'stop-auth'];

/** In containers there is no launcher. */
export const availableDrills = (hasLauncher: boolean): readonly DrillName[] =>
  DRILL_NAMES.filter((name) => hasLauncher || !LAUNCHER_DRILLS.includes(name));

interface Common {
  readonly id: number;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly click?: string;
}

export interface Claims {
  readonly aud?: string | readonly string[];
  readonly scope?: string;
  /** Epoch seconds. */
  readonly exp?: number;
}

export interface RequestEntry extends Common {
  readonly kind: 'request';
  readonly method: string;
  readonly url: string;
  /** Missing when there was no answer. */
  readonly status?: number;
  readonly milliseconds: number;
  readonly claims?: Claims;
  readonly kid?: string;
  readonly error?: string;
  /** Generation of the refresh token that auth issued. */
  readonly generation?: number;
}

export interface DrillEntry extends Common {
  readonly kind: 'drill';
  readonly drill: DrillName;
  readonly step: string;
  readonly until?: number;
}

/** An entry of `GET /activity`. */
export type Entry = RequestEntry | DrillEntry;

export interface Click {
  readonly id: string;
  readonly entries: readonly Entry[];
}

/** Groups entries by the click that caused them, latest click first. */
export function groupByClick(entries: readonly Entry[]): readonly Click[] {
  const clicks = new Map<string, Entry[]>();
  for (const entry of entries) {
    const id = entry.click ?? '';
    clicks.set(id, [...(clicks.get(id) ?? []), entry]);
  }
  const lastId = ({ entries }: Click) => entries.at(-1)?.id ?? 0;
  return [...clicks]
    .map(([id, entries]) => ({ id, entries }))
    .sort((one, other) => lastId(other) - lastId(one));
}

export const audienceOf = ({ aud }: Claims): string => [aud ?? []].flat().join(' ');

/** The claims of the latest token of each audience. */
export function latestTokens(entries: readonly Entry[]): readonly Claims[] {
  const tokens = new Map<string, Claims>();
  for (const entry of entries) {
    if (entry.kind !== 'request' || !entry.claims) continue;
    const audience = audienceOf(entry.claims);
    // A drill sends older tokens too.
    if ((tokens.get(audience)?.exp ?? 0) > (entry.claims.exp ?? 0)) continue;
    tokens.set(audience, entry.claims);
  }
  return [...tokens.values()];
}

/** The generation of the latest refresh token that auth issued; undefined before the first refresh. */
export const latestGeneration = (entries: readonly Entry[]): number | undefined =>
  entries
    .map((entry) => (entry.kind === 'request' ? entry.generation : undefined))
    .findLast((generation) => generation !== undefined);

/** `4:05` of 245,000 milliseconds; undefined when no time is left. */
export function formatCountdown(milliseconds: number): string | undefined {
  const seconds = Math.ceil(milliseconds / 1000);
  if (seconds <= 0) return undefined;
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

export interface DrillState {
  /** The latest step, as `<drill>:<step>` or `unavailable`. */
  readonly step: string;
  readonly isOver: boolean;
  /** Milliseconds since auth ended the session, until the API refused. */
  readonly clockMs?: number;
  /** Milliseconds until the time that the step names. */
  readonly remainingMs?: number;
}

const UNFINISHED = ['started', 'ended', 'waiting', 'activated', 'stopped'];

/** The state of the latest run of a drill; undefined without one. */
export function drillState(
  entries: readonly Entry[],
  drill: DrillName,
  now: number,
): DrillState | undefined {
  const steps = entries.filter((entry) => entry.kind === 'drill' && entry.drill === drill);
  const [last, started] = [steps.at(-1), steps.findLast(isStep('started'))];
  if (last?.kind !== 'drill') return undefined;
  const run = steps.filter(({ id }) => id >= (started?.id ?? 0));
  const isOver = !UNFINISHED.includes(last.step);
  const ended = run.find(isStep('ended'));
  return {
    step: last.step === 'unavailable' ? last.step : `${drill}:${last.step}`,
    isOver,
    ...(ended && { clockMs: (isOver ? last.at : now) - ended.at }),
    ...(last.until !== undefined && { remainingMs: Math.max(0, last.until - now) }),
  };
}

const isStep = (step: string) => (entry: Entry) => entry.kind === 'drill' && entry.step === step;
