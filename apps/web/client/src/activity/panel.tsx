import { useEffect, useId, useRef, useState } from 'react';
import { texts as application } from '../texts/texts.js';
import './activity.css';
import { ClickList } from './click-list.js';
import { clickLabels, watchClicks } from './click-labels.js';
import { DrillList } from './drill-list.js';
import { de } from './texts/de.js';
import { en } from './texts/en.js';
import { TokenList } from './token-list.js';
import { useActivity } from './use-activity.js';

const OPEN_KEY = 'activity-open';
const texts = application.language === 'de' ? de : en;

/** What just happened: a drawer of the demo with the requests behind each click, and the drills. */
export default function ActivityPanel() {
  const [isOpen, setOpen] = useState(() => sessionStorage.getItem(OPEN_KEY) === 'true');
  const opener = useRef<HTMLButtonElement>(null);
  useEffect(watchClicks, []);

  const toggle = (isNowOpen: boolean) => {
    sessionStorage.setItem(OPEN_KEY, String(isNowOpen));
    setOpen(isNowOpen);
    if (!isNowOpen) opener.current?.focus();
  };
  return (
    <div className="activity">
      <button
        ref={opener}
        type="button"
        className="activity-opener"
        aria-expanded={isOpen}
        onClick={() => toggle(!isOpen)}
      >
        {texts.open}
      </button>
      {isOpen ? <Drawer onClose={() => toggle(false)} /> : null}
    </div>
  );
}

function Drawer({ onClose }: { readonly onClose: () => void }) {
  const title = useId();
  const heading = useRef<HTMLHeadingElement>(null);
  const { entries, now, hasLauncher, mailboxUrl, start } = useActivity(true);
  useEffect(() => heading.current?.focus(), []);
  const shared = { entries, now, texts };
  return (
    <aside
      className="activity-drawer"
      aria-labelledby={title}
      onKeyDown={({ key }) => (key === 'Escape' ? onClose() : undefined)}
    >
      <header>
        <h2 id={title} ref={heading} tabIndex={-1}>
          {texts.title}
        </h2>
        <button type="button" className="activity-close" onClick={onClose}>
          {texts.close}
        </button>
      </header>
      <p className="quiet small">{texts.intro}</p>
      <h3>{texts.tokens}</h3>
      <TokenList {...shared} />
      <h3>{texts.clicks}</h3>
      <ClickList entries={entries} labels={clickLabels()} texts={texts} />
      <h3>{texts.drills}</h3>
      <DrillList {...shared} hasLauncher={hasLauncher} mailboxUrl={mailboxUrl} start={start} />
    </aside>
  );
}
