import { InMemoryUsedProofs } from '../../../src/dpop/used-proofs.js';
import { TestClock } from '../../support/test-clock.js';

const HOUR = 3600;

describe('clock that was an hour ahead', () => {
  it('makes no used proof valid again when it is set back (RFC 9449 §11.1)', () => {
    const clock = new TestClock();
    const proofs = new InMemoryUsedProofs(1000, clock.options);
    const goodUntil = clock.now() + 65_000;
    expect(proofs.use('proof', goodUntil)).toBe(true);
    clock.correct({ seconds: HOUR });
    for (const id of ['a', 'b', 'c']) proofs.use(id, clock.now() + 65_000);
    clock.correct({ seconds: -HOUR });
    expect(proofs.use('proof', goodUntil)).toBe(false);

    clock.correct({ seconds: -HOUR });
    clock.advance({ seconds: HOUR });
    for (const id of ['d', 'e', 'f']) proofs.use(id, clock.now() + 65_000);
    expect(proofs.use('proof', goodUntil)).toBe(false);
  });
});
