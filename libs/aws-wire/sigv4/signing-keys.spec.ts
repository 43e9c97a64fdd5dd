import fc from 'fast-check';
import { hmac, SigningHmac } from './signing-keys.js';

it('SigningHmac is HMAC-SHA256 for every key of at most one block and every text', () => {
  const text = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 300 }), fc.integer({ min: 2_000, max: 2_100 }).map((length) => 'é'.repeat(length / 2)));
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.array(text, { minLength: 1, maxLength: 3 }), (bytes, texts) => {
      const key = Buffer.from(bytes);
      const signing = new SigningHmac(key);
      for (const one of texts) expect(signing.digest(one).equals(hmac(key, one))).toBe(true);
    }),
    { numRuns: 500 },
  );
});
