import { crc32 } from 'node:zlib';

/** Lengths and their checksum before the headers, checksum of everything behind the payload (spec/invoke.md 5). */
const PRELUDE_BYTES = 12;
const CHECKSUM_BYTES = 4;
const STRING_TYPE = 7;
const NOTHING = Buffer.alloc(0);

/** One message of `application/vnd.amazon.eventstream`: string headers in the order given, and a payload of raw bytes. */
export function eventStreamMessage(headers: Readonly<Record<string, string>>, payload: Uint8Array): Buffer {
  const head = Buffer.concat(Object.entries(headers).map(([name, value]) => stringHeader(name, value)));
  const message = Buffer.allocUnsafe(PRELUDE_BYTES + head.length + payload.byteLength + CHECKSUM_BYTES);
  message.writeUInt32BE(message.length, 0);
  message.writeUInt32BE(head.length, 4);
  message.writeUInt32BE(crc32(message.subarray(0, 8)), 8);
  message.set(head, PRELUDE_BYTES);
  message.set(payload, PRELUDE_BYTES + head.length);
  const end = message.length - CHECKSUM_BYTES;
  message.writeUInt32BE(crc32(message.subarray(0, end)), end);
  return message;
}

/** What stands before and behind a large payload in its event, so that its bytes need not be copied. */
export function eventStreamFrame(eventType: string, contentType: string, payload: Uint8Array): { head: Buffer; tail: Buffer } {
  const empty = eventStreamEvent(eventType, contentType, NOTHING);
  const head = empty.subarray(0, empty.length - CHECKSUM_BYTES);
  head.writeUInt32BE(empty.length + payload.byteLength, 0);
  head.writeUInt32BE(crc32(head.subarray(0, 8)), 8);
  const tail = Buffer.allocUnsafe(CHECKSUM_BYTES);
  tail.writeUInt32BE(crc32(payload, crc32(head)));
  return { head, tail };
}

/** An event of a modelled stream; the member's name is its `:event-type`. */
export function eventStreamEvent(eventType: string, contentType: string, payload: Uint8Array): Buffer {
  return eventStreamMessage({ ':message-type': 'event', ':event-type': eventType, ':content-type': contentType }, payload);
}

function stringHeader(name: string, value: string): Buffer {
  const nameBytes = Buffer.from(name);
  const valueBytes = Buffer.from(value);
  const header = Buffer.allocUnsafe(1 + nameBytes.length + 3 + valueBytes.length);
  header.writeUInt8(nameBytes.length, 0);
  header.set(nameBytes, 1);
  header.writeUInt8(STRING_TYPE, 1 + nameBytes.length);
  header.writeUInt16BE(valueBytes.length, 2 + nameBytes.length);
  header.set(valueBytes, 4 + nameBytes.length);
  return header;
}
