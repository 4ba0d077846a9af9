type Ratios = Readonly<Record<string, number>>;
interface Judged {
  readonly work: string;
  readonly ratio: number;
  readonly verdict: string;
}
/** The bench is no project, and JavaScript. */
interface Verdicts {
  readonly entryFor: (record: object, node: string) => { major: string; isOwn: boolean };
  readonly judge: (measured: Ratios, recorded: Ratios) => Judged[];
  readonly judgeTwice: (
    measure: (works: string[]) => Promise<Ratios>,
    works: string[],
    recorded: Ratios,
  ) => Promise<Judged[]>;
  readonly hasPassed: (rows: readonly Judged[]) => boolean;
}
const MODULE = new URL('../../../../bench/gate/verdict.mjs', import.meta.url).href;
const { entryFor, hasPassed, judge, judgeTwice }: Verdicts = await import(MODULE);

const RECORDED = { refresh: 2, 'key-set': 1.2 };

/** Measures the given ratios, one run after the other, and notes the works of each run. */
function measuring(...runs: Ratios[]) {
  const asked: string[][] = [];
  const measure = async (works: string[]): Promise<Ratios> => {
    const run = runs[asked.push(works) - 1] ?? {};
    return Object.fromEntries(works.map((work) => [work, run[work] ?? Number.NaN]));
  };
  return { asked, measure };
}

describe('the verdict of the gate', () => {
  it.each([
    ['ok', 'up to 1.25 × the record', 2.5],
    ['FAILED', 'above 1.25 × the record', 2.51],
    ['ok', 'a little below the record', 1.7],
    ['record anew', 'far below the record', 1.5],
    ['FAILED', 'that is no number because no request was answered', Number.NaN],
  ])('is "%s" for a ratio %s', (verdict, _when, ratio) => {
    const rows = judge({ refresh: ratio }, RECORDED);
    expect(rows).toMatchObject([{ work: 'refresh', verdict }]);
    expect(hasPassed(rows)).toBe(verdict !== 'FAILED');
  });

  it('does not pass a work that the record does not have', () => {
    const rows = judge({ refresh: 2, login: 1 }, RECORDED);
    expect(rows[1]).toMatchObject({ work: 'login', verdict: 'NOT RECORDED' });
    expect(hasPassed(rows)).toBe(false);
  });

  it('passes when only the first of two measurements was too slow, and repeats no other work', async () => {
    const { asked, measure } = measuring({ refresh: 3, 'key-set': 1.2 }, { refresh: 2.1 });
    const rows = await judgeTwice(measure, ['refresh', 'key-set'], RECORDED);
    expect(rows.map(({ ratio }) => ratio)).toEqual([2.1, 1.2]);
    expect(hasPassed(rows)).toBe(true);
    expect(asked).toEqual([['refresh', 'key-set'], ['refresh']]);
  });

  it('fails when both measurements were too slow', async () => {
    const { measure } = measuring({ refresh: 3 }, { refresh: 2.9 });
    expect(hasPassed(await judgeTwice(measure, ['refresh'], RECORDED))).toBe(false);
  });

  it('measures once when no work is too slow', async () => {
    const { asked, measure } = measuring(RECORDED);
    await judgeTwice(measure, ['refresh'], RECORDED);
    expect(asked).toHaveLength(1);
  });
});

describe('the entry of the record', () => {
  const record = { 20: {}, 24: {} };

  it.each([
    ['v24.1.0', '24', true],
    ['v26.0.0', '24', false],
    ['v18.0.0', '20', false],
  ])('for Node %s is that of Node %s', (node, major, isOwn) => {
    expect(entryFor(record, node)).toMatchObject({ major, isOwn });
  });
});
