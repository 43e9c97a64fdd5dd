import { MAX_RESPONSE_BYTES, MAX_STREAM_BYTES } from './runtime-channel.js';
import { StreamedResponse } from './streamed-response.js';

const MIB = Buffer.alloc(1_048_576);

/** A reader that only counts. */
function counter() {
  const seen = { bytes: 0, types: [] as string[] };
  return {
    seen,
    sink: {
      begin: (type: string) => void seen.types.push(type),
      write: (bytes: Uint8Array) => void (seen.bytes += bytes.length) as undefined,
    },
  };
}

describe('a streamed response', () => {
  it('may have 200 MiB, and gives not a byte more to its reader', () => {
    const { seen, sink } = counter();
    const stream = new StreamedResponse(sink, undefined);
    for (let count = 0; count < 200; count++) void stream.write(MIB);
    expect([stream.exceeded, stream.end()]).toEqual([false, { kind: 'streamed', bytes: MAX_STREAM_BYTES }]);
    void stream.write(Buffer.from('!'));
    expect([stream.exceeded, stream.end()]).toEqual([true, { kind: 'too-large', limitBytes: MAX_STREAM_BYTES, streaming: true }]);
    expect(seen).toEqual({ bytes: MAX_STREAM_BYTES, types: ['application/octet-stream'] });
  });

  it('may have what any response may have when it is wanted whole', () => {
    const whole = new StreamedResponse(undefined, 'text/plain');
    void whole.write(Buffer.alloc(MAX_RESPONSE_BYTES));
    expect(whole.end()).toMatchObject({ kind: 'response', body: { length: MAX_RESPONSE_BYTES } });
    void whole.write(Buffer.from('!'));
    expect(whole.end()).toEqual({ kind: 'too-large', limitBytes: MAX_RESPONSE_BYTES, streaming: false });
  });

  it('lets its reader slow its source down', () => {
    const wait = Promise.resolve();
    const stream = new StreamedResponse({ begin: () => undefined, write: () => wait }, 'text/plain');
    expect(stream.write(MIB)).toBe(wait);
  });
});
