import fc from 'fast-check';
import { type Binding, Sealer } from '../../src/sessions/sealer.js';

const BINDING: Binding = { purpose: 'session', context: 'row', share: 'cookie' };

describe('sealed values', () => {
  it('open with the same binding and secret', () => {
    const sealer = new Sealer(['one']);
    expect(sealer.open(sealer.seal({ a: 'ä' }, BINDING), BINDING)).toEqual({ a: 'ä' });
  });

  it.each([
    ['the secret of the cookie', { ...BINDING, share: 'other' }],
    ['the secret of the cookie (a missing one)', { purpose: 'session', context: 'row' }],
    ['the row', { ...BINDING, context: 'other' }],
    ['the purpose', { ...BINDING, purpose: 'sign-out' }],
  ] satisfies [string, Binding][])('do not open when %s differs', (_what, binding) => {
    const sealer = new Sealer(['one']);
    expect(sealer.open(sealer.seal({}, BINDING), binding)).toBeUndefined();
  });

  it('do not open with another secret of the server', () => {
    const sealed = new Sealer(['one']).seal({}, BINDING);
    expect(new Sealer(['two']).open(sealed, BINDING)).toBeUndefined();
  });

  it('open with the previous secret during a rotation, and are sealed with the newest', () => {
    const old = new Sealer(['old']).seal({ n: 1 }, BINDING);
    const both = new Sealer(['new', 'old']);
    expect(both.open(old, BINDING)).toEqual({ n: 1 });
    expect(new Sealer(['new']).open(both.seal({ n: 2 }, BINDING), BINDING)).toEqual({ n: 2 });
  });

  it('do not open after any change, and no text makes them fail otherwise', () => {
    const sealer = new Sealer(['one']);
    const sealed = sealer.seal({ a: 1 }, BINDING);
    const [id = '', text = ''] = sealed.split('.');
    const bytes = Buffer.from(text, 'base64url');
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (place, mask) => {
        const changed = Buffer.from(bytes);
        changed[place] = (changed[place] ?? 0) ^ mask;
        const forged = `${id}.${changed.toString('base64url')}`;
        expect(sealer.open(forged, BINDING)).toBeUndefined();
      }),
    );
    fc.assert(
      fc.property(fc.string(), (any) => {
        expect(sealer.open(any, BINDING)).toBeUndefined();
        expect(sealer.open(`${id}.${any}`, BINDING)).toBeUndefined();
      }),
    );
  });
});
