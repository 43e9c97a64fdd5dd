import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { SecretBox } from '../secret-box.js';
import { SealError } from './authenticated-encryption.js';
import { dataKeyIdOf, openWith, sealWith } from './sealed-form.js';

const key = randomBytes(32);

it('opens what it sealed, and names the data key', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.string({ maxLength: 30 }), fc.integer({ min: 1, max: 2 ** 31 - 1 }), (plain, context, id) => {
      const sealed = sealWith(id, key, plain, context);
      expect(dataKeyIdOf(sealed)).toBe(id);
      expect(openWith(key, sealed, context)).toEqual(Buffer.from(plain));
    }),
  );
});

it('refuses another context, another key and any changed byte, the id included', () => {
  const sealed = sealWith(7, key, Buffer.from('secret'), 'access-key/A');
  expect(() => openWith(key, sealed, 'access-key/B')).toThrow(SealError);
  expect(() => openWith(randomBytes(32), sealed, 'access-key/A')).toThrow(SealError);
  for (let index = 0; index < sealed.length; index++) {
    const changed = Buffer.from(sealed);
    changed[index]! ^= 1;
    expect(() => openWith(key, changed, 'access-key/A')).toThrow(SealError);
  }
  for (let length = 0; length < sealed.length; length++) expect(() => openWith(key, sealed.subarray(0, length), 'access-key/A')).toThrow(SealError);
});

it('takes no value of a SecretBox for one of its own', () => {
  for (const version of [1, 2, 255]) expect(dataKeyIdOf(new SecretBox(key, { currentVersion: version }).seal(Buffer.from('x'), 'c'))).toBeUndefined();
  expect(dataKeyIdOf(Buffer.alloc(0))).toBeUndefined();
});
