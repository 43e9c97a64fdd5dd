import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { SealError, SecretBox } from './secret-box.js';

const key = randomBytes(32);
const box = new SecretBox(key);

it('opens what it sealed, and seals the same text differently each time', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.string({ maxLength: 30 }), (plain, context) => {
      const sealed = box.seal(plain, context);
      expect(box.open(sealed, context)).toEqual(Buffer.from(plain));
      expect(box.seal(plain, context)).not.toEqual(sealed);
    }),
  );
});

it('refuses another context, another key and any changed byte', () => {
  const sealed = box.seal(Buffer.from('secret'), 'access-key/A');
  expect(() => box.open(sealed, 'access-key/B')).toThrow(SealError);
  expect(() => new SecretBox(randomBytes(32)).open(sealed, 'access-key/A')).toThrow(SealError);
  for (let index = 0; index < sealed.length; index++) {
    const changed = Buffer.from(sealed);
    changed[index]! ^= 1;
    expect(() => box.open(changed, 'access-key/A')).toThrow(SealError);
  }
  for (let length = 0; length < sealed.length; length++) expect(() => box.open(sealed.subarray(0, length), 'access-key/A')).toThrow(SealError);
});

it('opens values of an earlier key version', () => {
  const sealed = box.seal(Buffer.from('old'), 'c');
  const rotated = new SecretBox(randomBytes(32), { currentVersion: 2, previous: { 1: key } });
  expect(rotated.open(sealed, 'c').toString()).toBe('old');
  expect(rotated.seal(Buffer.from('new'), 'c')[0]).toBe(2);
});
