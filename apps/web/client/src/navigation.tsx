import { type MouseEvent, type ReactNode, useEffect, useRef, useSyncExternalStore } from 'react';
import { texts } from './texts/texts.js';

const CHANGED = 'address-changed';

/** Whether the user has come here by a link of this client. After the first load the focus stays where the browser puts it. */
let hasNavigated = false;

function subscribe(onChange: () => void): () => void {
  window.addEventListener(CHANGED, onChange);
  window.addEventListener('popstate', onChange);
  return () => {
    window.removeEventListener(CHANGED, onChange);
    window.removeEventListener('popstate', onChange);
  };
}

window.addEventListener('popstate', () => (hasNavigated = true));

/** @returns path and query */
export const useAddress = (): string =>
  useSyncExternalStore(subscribe, () => location.pathname + location.search);

/** @param address path and query of this origin */
export function navigate(address: string, { replace = false } = {}): void {
  hasNavigated = true;
  if (replace) history.replaceState(null, '', address);
  else history.pushState(null, '', address);
  window.dispatchEvent(new Event(CHANGED));
  window.scrollTo(0, 0);
}

interface LinkProps {
  readonly to: string;
  readonly children: ReactNode;
  readonly className?: string | undefined;
  readonly isCurrent?: boolean;
}

/** A link to a page of this client. With a key such as Ctrl, the browser opens it as usual. */
export function Link({ to, children, className, isCurrent = false }: LinkProps) {
  const onClick = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
      return;
    event.preventDefault();
    navigate(to);
  };
  const current = isCurrent && ({ 'aria-current': 'page' } as const);
  return (
    <a href={to} onClick={onClick} className={className} {...current}>
      {children}
    </a>
  );
}

interface PageProps {
  readonly title: string;
  readonly children: ReactNode;
  /** Beside the title. */
  readonly aside?: ReactNode;
}

/** A page with its title. After a navigation the focus moves to the title, so that a screen reader reads it. */
export function Page({ title, children, aside }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (hasNavigated) heading.current?.focus();
  }, []);
  useEffect(() => {
    document.title = `${title} · Gatehouse`;
  }, [title]);
  return (
    <>
      <div className="title">
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {aside}
      </div>
      {children}
    </>
  );
}

/** The first element that the Tab key reaches. */
export const SkipLink = () => (
  <a className="skip" href="#main">
    {texts.menu.skip}
  </a>
);
