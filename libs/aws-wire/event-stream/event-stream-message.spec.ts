import { EventStreamCodec } from '@smithy/core/event-streams';
import fc from 'fast-check';
import { eventStreamEvent, eventStreamFrame, eventStreamMessage } from './event-stream-message.js';

/** The decoder of the SDKs. */
const codec = new EventStreamCodec((bytes) => Buffer.from(bytes as Uint8Array).toString('utf8'), (text) => Buffer.from(text, 'utf8'));

describe('messages of an event stream', () => {
  it('are read by the decoder of the SDKs as what was written', () => {
    // The SDKs' decoder keeps headers in an ordinary object.
    const name = fc.string({ minLength: 1, maxLength: 40 }).filter((text) => text !== '__proto__');
    fc.assert(
      fc.property(fc.dictionary(name, fc.string({ unit: 'grapheme', maxLength: 300 }), { maxKeys: 8 }), fc.uint8Array({ maxLength: 10_000 }), (headers, payload) => {
        const decoded = codec.decode(eventStreamMessage(headers, payload));
        expect(Object.fromEntries(Object.entries(decoded.headers).map(([key, { value }]) => [key, value]))).toEqual({ ...headers });
        expect(Buffer.from(decoded.body)).toEqual(Buffer.from(payload));
      }),
    );
  });

  it('are the same in parts', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 10_000 }), (payload) => {
        const { head, tail } = eventStreamFrame('PayloadChunk', 'text/plain', payload);
        expect(Buffer.concat([head, payload, tail])).toEqual(eventStreamEvent('PayloadChunk', 'text/plain', payload));
      }),
    );
  });

  it('name their event and the type of their content', () => {
    const { headers, body } = codec.decode(eventStreamEvent('PayloadChunk', 'application/octet-stream', Buffer.from('abc')));
    expect(headers).toEqual({
      ':message-type': { type: 'string', value: 'event' },
      ':event-type': { type: 'string', value: 'PayloadChunk' },
      ':content-type': { type: 'string', value: 'application/octet-stream' },
    });
    expect(Buffer.from(body).toString()).toBe('abc');
  });
});
