import fc from 'fast-check';
import { encodeFrame, FRAME, FrameDecoder, FrameError, type Frame } from './frames.js';

const frame = fc.record({ type: fc.integer({ min: 0, max: 255 }).filter((type) => type !== FRAME.streamChunk), header: fc.dictionary(fc.string(), fc.string()), body: fc.uint8Array({ maxLength: 200 }) });

function decode(bytes: Buffer, cuts: number[], maxBodyBytes = 1_000): Frame[] {
  const frames: Frame[] = [];
  const decoder = new FrameDecoder(maxBodyBytes, (one) => frames.push(one));
  const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1))), bytes.length].sort((a, b) => a - b);
  let start = 0;
  for (const end of ends) {
    decoder.push(bytes.subarray(start, end));
    start = end;
  }
  return frames;
}

describe('frames of the runtime channel', () => {
  it('come through unchanged however the stream is cut', () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 5 }), fc.array(fc.nat(), { maxLength: 12 }), (frames, cuts) => {
        const bytes = Buffer.concat(frames.map((one) => encodeFrame(one.type, one.header, one.body)));
        const expected = frames.map((one) => ({ type: one.type, header: JSON.parse(JSON.stringify(one.header)), body: Buffer.from(one.body) }));
        expect(decode(bytes, cuts)).toEqual(expected);
      }),
    );
  });

  it('give a chunk of a stream as it comes, whatever its length', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { minLength: 1, maxLength: 4 }), fc.array(fc.nat(), { maxLength: 12 }), (bodies, cuts) => {
        const bytes = Buffer.concat([...bodies.map((body) => encodeFrame(FRAME.streamChunk, { id: 'x' }, body)), encodeFrame(FRAME.streamEnd, { id: 'x' }, new Uint8Array())]);
        const frames = decode(bytes, cuts, 10);
        expect(frames.pop()).toMatchObject({ type: FRAME.streamEnd });
        expect(frames.every(({ type, header }) => type === FRAME.streamChunk && header.id === 'x')).toBe(true);
        expect(Buffer.concat(frames.map(({ body }) => body!))).toEqual(Buffer.concat(bodies));
      }),
    );
  });

  it('drop a body that is too long and go on with the next frame, however the stream is cut', () => {
    fc.assert(
      fc.property(fc.integer({ min: 11, max: 500 }), fc.array(fc.nat(), { maxLength: 12 }), (length, cuts) => {
        const bytes = Buffer.concat([encodeFrame(2, { id: 'long' }, Buffer.alloc(length)), encodeFrame(2, { id: 'next' }, Buffer.from('ok'))]);
        expect(decode(bytes, cuts, 10)).toEqual([
          { type: 2, header: { id: 'long' }, body: undefined },
          { type: 2, header: { id: 'next' }, body: Buffer.from('ok') },
        ]);
      }),
    );
  });

  it('are refused when the header is longer than the frame, endless, or no object', () => {
    const decoder = () => new FrameDecoder(10, () => undefined);
    const prefix = (length: number, head: number) => {
      const bytes = Buffer.alloc(9);
      bytes.writeUInt32BE(length, 0);
      bytes.writeUInt32BE(head, 5);
      return bytes;
    };
    expect(() => decoder().push(prefix(5, 1))).toThrow(FrameError);
    expect(() => decoder().push(prefix(0xffffffff, 0xfffffff0))).toThrow(FrameError);
    expect(() => decoder().push(Buffer.concat([prefix(9, 4), Buffer.from('null')]))).toThrow(FrameError);
    expect(() => decoder().push(Buffer.concat([prefix(9, 4), Buffer.from('{{{{')]))).toThrow(FrameError);
  });
});
