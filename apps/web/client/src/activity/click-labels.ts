import { click } from '../request.js';

/** The labels of clicks, by the id that the requests of the click carry. */
const KEY = 'activity-clicks';
const MAX_LABELS = 50;
const MAX_LABEL_LENGTH = 60;

const readLabels = (): readonly (readonly [string, string])[] =>
  JSON.parse(sessionStorage.getItem(KEY) ?? '[]');

export const clickLabels = (): ReadonlyMap<string, string> => new Map(readLabels());

function rememberClick(id: string, label: string): void {
  const labels = [...readLabels(), [id, label.slice(0, MAX_LABEL_LENGTH)]].slice(-MAX_LABELS);
  sessionStorage.setItem(KEY, JSON.stringify(labels));
}

/**
 * Remembers the label of each button and link that the user clicks outside of the panel. A form that is sent with the keyboard
 * clicks its button.
 *
 * @returns a function that stops it
 */
export function watchClicks(): () => void {
  const listener = ({ target }: MouseEvent): void => {
    const control = target instanceof Element ? target.closest<HTMLElement>('button, a') : null;
    if (!control || control.closest('.activity')) return;
    const label = control.getAttribute('aria-label') ?? control.innerText;
    rememberClick(click, label.replace(/\s+/g, ' ').trim());
  };
  document.addEventListener('click', listener, { capture: true });
  return () => document.removeEventListener('click', listener, { capture: true });
}
