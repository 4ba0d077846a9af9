import { audienceOf, type Click, type Entry, groupByClick, type RequestEntry } from './entries.js';
import type { ActivityTexts } from './texts/en.js';

interface Props {
  readonly entries: readonly Entry[];
  /** By the id of the click. */
  readonly labels: ReadonlyMap<string, string>;
  readonly texts: ActivityTexts;
}

/** Older clicks would move the drills out of sight. */
const MAX_SHOWN = 8;

/** Each click with the requests that followed, latest click first. */
export function ClickList({ entries, labels, texts }: Props) {
  const clicks = groupByClick(entries).slice(0, MAX_SHOWN);
  if (clicks.length === 0) return <p className="quiet">{texts.nothingYet}</p>;
  return (
    <ol className="activity-clicks">
      {clicks.map((click) => (
        <li key={click.id}>
          <h4>{titleOf(click, labels, texts)}</h4>
          <ul>
            {click.entries.map((entry) => (
              <li key={entry.id}>
                {entry.kind === 'request' ? (
                  <Request entry={entry} texts={texts} />
                ) : (
                  <Step name={entry.step} drill={entry.drill} texts={texts} />
                )}
              </li>
            ))}
          </ul>
        </li>
      ))}
    </ol>
  );
}

function titleOf({ id, entries }: Click, labels: Props['labels'], texts: ActivityTexts): string {
  const drill = entries.find((entry) => entry.kind === 'drill');
  if (drill?.kind === 'drill') return texts.drillCause(texts.drill[drill.drill].title);
  return labels.get(id) ?? texts.otherCause;
}

function Step({ name, drill, texts }: { name: string; drill: string; texts: ActivityTexts }) {
  const sentence = texts.steps[`${drill}:${name}`] ?? texts.steps[name];
  return sentence === undefined ? null : <p className="activity-step small">{sentence}</p>;
}

interface RequestProps {
  readonly entry: RequestEntry;
  readonly texts: ActivityTexts;
}

function Request({ entry, texts }: RequestProps) {
  const { method, url, status, milliseconds } = entry;
  const isGood = status !== undefined && status < 400;
  return (
    <details className="activity-request">
      <summary>
        <span className={`activity-status ${isGood ? 'good' : 'bad'}`}>
          {status ?? texts.noAnswer}
        </span>
        <code>
          {method} {url.replace(/^https?:\/\//, '')}
        </code>
        <span className="quiet small">{texts.milliseconds(milliseconds)}</span>
      </summary>
      <Explanation entry={entry} texts={texts} />
    </details>
  );
}

function Explanation({ entry, texts }: RequestProps) {
  const { error, generation, claims, kid } = entry;
  const rows = claims && [
    [texts.audience, audienceOf(claims)],
    [texts.scopes, claims.scope || texts.noScopes],
    ...(kid === undefined ? [] : [[texts.key, kid]]),
  ];
  return (
    <>
      {error === undefined ? null : <p className="small">{error}</p>}
      {generation === undefined ? null : <p className="small">{texts.refreshed(generation)}</p>}
      {rows ? (
        <dl className="small">
          {rows.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
          <dt>{texts.claims}</dt>
          <dd>
            <pre tabIndex={0}>{JSON.stringify(claims, null, 2)}</pre>
          </dd>
        </dl>
      ) : (
        <p className="quiet small">{texts.noToken}</p>
      )}
    </>
  );
}
