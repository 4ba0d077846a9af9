import {
  audienceOf,
  type Claims,
  type Entry,
  formatCountdown,
  latestGeneration,
  latestTokens,
} from './entries.js';
import type { ActivityTexts } from './texts/en.js';

interface Props {
  readonly entries: readonly Entry[];
  /** Epoch milliseconds. */
  readonly now: number;
  readonly texts: ActivityTexts;
}

/** The access tokens in use, with the time that each has left. */
export function TokenList({ entries, now, texts }: Props) {
  const tokens = latestTokens(entries);
  const generation = latestGeneration(entries);
  if (tokens.length === 0) return <p className="quiet">{texts.noTokens}</p>;
  return (
    <>
      <ul className="activity-tokens">
        {tokens.map((claims) => (
          <li key={audienceOf(claims)}>
            <b>{audienceOf(claims)}</b>
            <Lifetime claims={claims} now={now} texts={texts} />
            <span className="quiet">
              {texts.scopes}: {claims.scope || texts.noScopes}
            </span>
          </li>
        ))}
      </ul>
      <p className="quiet small">
        {generation === undefined ? texts.firstGeneration : texts.generation(generation)}
      </p>
    </>
  );
}

interface LifetimeProps extends Omit<Props, 'entries'> {
  readonly claims: Claims;
}

/** A live region would read the countdown aloud each second. */
function Lifetime({ claims, now, texts }: LifetimeProps) {
  const left = formatCountdown((claims.exp ?? 0) * 1000 - now);
  return (
    <span className="activity-lifetime" role="timer" aria-live="off">
      {left === undefined ? texts.expired : texts.expiresIn(left)}
    </span>
  );
}
