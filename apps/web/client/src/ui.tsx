import { type ReactNode, useState } from 'react';
import type { Action } from './action.js';
import type { RequestError } from './request.js';
import type { Resource } from './resource.js';
import { describeError, formats, texts } from './texts/texts.js';

/** The gate of the authorization server's pages. */
export const Logo = () => (
  <svg width="22" height="22" viewBox="0 0 22 22" fill="none" aria-hidden="true">
    <path d="M3 20V9a8 8 0 0 1 16 0v11" stroke="currentColor" strokeWidth="2" />
    <path d="M8 20v-8a3 3 0 0 1 6 0v8M1 20h20" stroke="currentColor" strokeWidth="2" />
  </svg>
);

/** Long work. Screen readers read the text. */
export const Progress = ({ children }: { readonly children: ReactNode }) => (
  <p className="progress" role="status">
    <span className="spinner" aria-hidden="true" />
    <span>{children}</span>
  </p>
);

interface NoticeProps {
  readonly kind: 'good' | 'bad' | 'plain-notice';
  readonly children: ReactNode;
}

export const Notice = ({ kind, children }: NoticeProps) => (
  <div className={`notice ${kind}`} role={kind === 'bad' ? 'alert' : 'status'}>
    {children}
  </div>
);

interface FailureProps {
  readonly error: RequestError;
  readonly isRetrying?: boolean;
  readonly onRetry?: () => void;
}

/** An error in words, with what happens next. */
export const Failure = ({ error, isRetrying = false, onRetry }: FailureProps) => (
  <Notice kind="bad">
    <p>
      {describeError(error)} {isRetrying && texts.retrying}
    </p>
    {onRetry && (
      <button type="button" className="plain" onClick={onRetry}>
        {texts.retry}
      </button>
    )}
  </Notice>
);

/** Whether a resource is on its way, or why it does not come. Nothing once it is there. */
export function LoadStatus({ resource }: { readonly resource: Resource<unknown> }) {
  const { answer, error, isPolling, reload } = resource;
  if (error) return <Failure error={error} isRetrying={isPolling} onRetry={reload} />;
  return answer ? null : <Progress>{texts.loading}</Progress>;
}

interface ConfirmProps {
  readonly label: string;
  readonly question: string;
  readonly confirm: string;
  readonly action: Action;
  readonly busyText: string;
}

/** A button that asks before it acts. */
export function Confirm({ label, question, confirm, action, busyText }: ConfirmProps) {
  const [isAsking, setAsking] = useState<boolean>();
  if (action.isBusy) return <Progress>{busyText}</Progress>;
  if (!isAsking) {
    return (
      <button
        type="button"
        className="plain"
        // The focus comes back to where the question began.
        autoFocus={isAsking === false}
        onClick={() => setAsking(true)}
      >
        {label}
      </button>
    );
  }
  return (
    <div className="confirm" role="group" aria-label={label}>
      <p>{question}</p>
      <div className="buttons">
        <button type="button" autoFocus onClick={action.run}>
          {confirm}
        </button>
        <button type="button" className="plain" onClick={() => setAsking(false)}>
          {texts.order.keep}
        </button>
      </div>
    </div>
  );
}

/** Names and values. Entries without a value are left out. */
export const Values = ({
  entries,
}: {
  readonly entries: readonly (readonly [string, ReactNode])[];
}) => (
  <dl className="values">
    {entries.map(
      ([name, value]) =>
        value !== undefined &&
        value !== null && (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ),
    )}
  </dl>
);

export const Id = ({ id }: { readonly id: string }) => <code>{id}</code>;

export const Instant = ({ at }: { readonly at: string }) => (
  <time dateTime={at}>{formats.instant(at)}</time>
);
