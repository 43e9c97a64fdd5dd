import fc from 'fast-check';
import { decodeFrame, encodeFrame } from './frames.js';

describe('frames between fleet and workers', () => {
  it('come back as they went, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ minLength: 1 }).filter((name) => name !== 'lengths' && name !== '__proto__'), fc.string()), fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 4 }), (header, bodies) => {
        const frame = decodeFrame<Record<string, string>>(encodeFrame(header, bodies));
        expect({ ...frame.header }).toEqual({ ...header });
        expect(frame.bodies.map((body) => [...body])).toEqual(bodies.map((body) => [...body]));
      }),
    );
  });

  it('are refused when cut off or too long', () => {
    const whole = encodeFrame({ a: 1 }, [Buffer.from('abc')]);
    for (let end = 0; end < whole.length; end++) expect(() => decodeFrame(whole.subarray(0, end))).toThrow();
    expect(() => decodeFrame(Buffer.concat([whole, Buffer.from('x')]))).toThrow();
  });
});
