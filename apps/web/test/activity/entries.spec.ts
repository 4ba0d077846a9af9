import {
  availableDrills,
  drillState,
  type Entry,
  formatCountdown,
  groupByClick,
  latestGeneration,
  latestTokens,
} from '../../client/src/activity/entries.js';
import { de } from '../../client/src/activity/texts/de.js';
import { en } from '../../client/src/activity/texts/en.js';

const aRequest = (id: number, more: object = {}): Entry => ({
  kind: 'request',
  id,
  at: id * 1000,
  method: 'GET',
  url: 'http://localhost:3001/orders',
  status: 200,
  milliseconds: 5,
  ...more,
});

const aStep = (id: number, step: string, more: object = {}): Entry => ({
  kind: 'drill',
  drill: 'end-session',
  id,
  at: id * 1000,
  step,
  ...more,
});

describe('the requests behind a click', () => {
  it('stand together, with the latest click first', () => {
    const entries = [
      aRequest(1, { click: 'place' }),
      aRequest(2, { click: 'pay' }),
      aRequest(3, { click: 'place' }),
      aRequest(4),
    ];
    expect(groupByClick(entries).map(({ id, entries: group }) => [id, group.length])).toEqual([
      ['', 1],
      ['place', 2],
      ['pay', 1],
    ]);
  });
});

describe('the tokens in use', () => {
  it('show the latest of each audience, also after a drill has sent an older one', () => {
    const entries = [
      aRequest(1, { claims: { aud: 'orders', exp: 100 } }),
      aRequest(2, { claims: { aud: 'billing', exp: 110 } }),
      aRequest(3, { claims: { aud: 'orders', exp: 200 } }),
      aRequest(4, { claims: { aud: 'orders', exp: 100 } }),
    ];
    expect(latestTokens(entries)).toEqual([
      { aud: 'orders', exp: 200 },
      { aud: 'billing', exp: 110 },
    ]);
  });

  it('show the generation of the latest refresh', () => {
    expect(latestGeneration([aRequest(1)])).toBeUndefined();
    expect(latestGeneration([aRequest(1, { generation: 1 }), aRequest(2)])).toBe(1);
  });

  it.each([
    [299_001, '5:00'],
    [61_000, '1:01'],
    [1, '0:01'],
    [0, undefined],
    [-5, undefined],
  ])('with %d ms left show %s', (milliseconds, text) => {
    expect(formatCountdown(milliseconds)).toBe(text);
  });
});

describe('a drill', () => {
  it('does not appear in containers when it needs the launcher', () => {
    expect(availableDrills(false)).toEqual(['replay', 'end-session', 'wrong-audience']);
    expect(availableDrills(true)).toHaveLength(5);
  });

  it('shows no state before its first run', () => {
    expect(drillState([aRequest(1)], 'replay', 0)).toBeUndefined();
  });

  it('counts the time from the end of the session until the API refuses', () => {
    const running = [aStep(1, 'started'), aStep(2, 'ended')];
    expect(drillState(running, 'end-session', 5500)).toMatchObject({
      clockMs: 3500,
      isOver: false,
    });
    const over = [...running, aStep(8, 'refused')];
    expect(drillState(over, 'end-session', 99_000)).toMatchObject({ clockMs: 6000, isOver: true });
  });

  it('begins anew with its next run', () => {
    const entries = [
      aStep(1, 'started'),
      aStep(2, 'ended'),
      aStep(3, 'refused'),
      aStep(4, 'started'),
    ];
    const state = drillState(entries, 'end-session', 5000);
    expect(state).toEqual({ step: 'end-session:started', isOver: false });
  });

  it('shows how long it waits', () => {
    const entries = [aStep(1, 'started'), aStep(2, 'stopped', { until: 22_000 })];
    expect(drillState(entries, 'end-session', 4000)).toMatchObject({ remainingMs: 18_000 });
    expect(drillState(entries, 'end-session', 30_000)).toMatchObject({ remainingMs: 0 });
  });
});

describe('the texts of the panel', () => {
  it('explain the same steps in both languages', () => {
    expect(Object.keys(de.steps)).toEqual(Object.keys(en.steps));
  });

  it.each(Object.entries(en.drill))('explain the drill %s in two sentences', (_, { why }) => {
    expect(why.match(/[.!?](?= |$)/g)).toHaveLength(2);
  });
  it.each(Object.entries(de.drill))(
    'explain the drill %s in two German sentences',
    (_, { why }) => {
      expect(why.match(/[.!?](?= |$)/g)).toHaveLength(2);
    },
  );
});
