import { useState } from 'react';
import {
  availableDrills,
  type DrillName,
  type DrillState,
  drillState,
  type Entry,
} from './entries.js';
import type { ActivityTexts } from './texts/en.js';

interface Props {
  readonly entries: readonly Entry[];
  /** Epoch milliseconds. */
  readonly now: number;
  readonly texts: ActivityTexts;
  readonly hasLauncher: boolean;
  readonly mailboxUrl: string;
  /** Resolves with whether the drill has started. */
  readonly start: (drill: DrillName) => Promise<boolean>;
}

/** The drills, each with two sentences on why, and the result of its latest run. */
export function DrillList(props: Props) {
  const { texts, hasLauncher, entries, now } = props;
  const states = availableDrills(hasLauncher).map(
    (name) => [name, drillState(entries, name, now)] as const,
  );
  const isBusy = states.some(([, state]) => state?.isOver === false);
  return (
    <>
      <p className="quiet small">{texts.drillsIntro}</p>
      {states.map(([name, state]) => (
        <Drill key={name} {...props} name={name} state={state} isBusy={isBusy} />
      ))}
      {hasLauncher ? null : <p className="quiet small">{texts.noLauncher}</p>}
    </>
  );
}

interface DrillProps extends Props {
  readonly name: DrillName;
  readonly state: DrillState | undefined;
  readonly isBusy: boolean;
}

function Drill({ name, state, isBusy, start, texts, mailboxUrl }: DrillProps) {
  const [hasFailed, setFailed] = useState(false);
  const { title, button, why } = texts.drill[name];
  const onClick = () => {
    if (!isBusy) void start(name).then((isStarted) => setFailed(!isStarted));
  };
  return (
    <section className="activity-drill" aria-label={title}>
      <h4>{title}</h4>
      <p className="small">{why}</p>
      {/* A disabled button would lose the focus. */}
      <button type="button" aria-disabled={isBusy} onClick={onClick}>
        {state?.isOver === false ? texts.running : button}
      </button>
      <p className="small activity-result" role="status">
        {hasFailed ? texts.failed : state && texts.steps[state.step]}
      </p>
      {state ? <Times state={state} texts={texts} /> : null}
      {state?.step === 'replay:refused' ? <Mailbox url={mailboxUrl} texts={texts} /> : null}
    </section>
  );
}

function Mailbox({ url, texts }: { url: string; texts: ActivityTexts }) {
  return (
    <p className="small">
      <a href={url} target="_blank" rel="noreferrer">
        {texts.mailbox}
      </a>
    </p>
  );
}

function Times({ state, texts }: { state: DrillState; texts: ActivityTexts }) {
  const { clockMs, remainingMs = 0 } = state;
  return (
    <p className="activity-clock" role="timer" aria-live="off">
      {clockMs === undefined ? null : texts.clock((clockMs / 1000).toFixed(1))}
      {remainingMs > 0 ? texts.remaining(Math.ceil(remainingMs / 1000)) : null}
    </p>
  );
}
