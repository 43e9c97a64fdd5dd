import { decodePageMarker, encodePageMarker } from './index.js';

describe('page markers', () => {
  it('carry the position of a list and are opaque', () => {
    const marker = encodePageMarker(['a name', '7']);
    expect(marker).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(decodePageMarker(marker, 2)).toEqual(['a name', '7']);
    expect(decodePageMarker(undefined, 2)).toBeUndefined();
    expect(decodePageMarker('', 2)).toBeUndefined();
  });

  it('that are none are refused', () => {
    for (const text of ['x', encodePageMarker(['one']), encodePageMarker(['a\0', 'b']), Buffer.from('{"a":1}').toString('base64url'), 'A'.repeat(5_000)]) {
      expect(() => decodePageMarker(text, 2)).toThrow('Invalid pagination token: Marker.');
    }
  });
});
