/**
 * Messages between fleet and workers: u32be length of the header | header (JSON, UTF-8) | bodies, back to back. The header's
 * `lengths` says where each body ends. Payloads travel as raw bytes, never as base64 or JSON.
 */
export interface Frame<H extends object> {
  header: H;
  bodies: Buffer[];
}

export function encodeFrame(header: object, bodies: readonly Uint8Array[]): Buffer {
  const head = Buffer.from(JSON.stringify({ ...header, lengths: bodies.map((body) => body.length) }));
  const prefix = Buffer.allocUnsafe(4);
  prefix.writeUInt32BE(head.length);
  return Buffer.concat([prefix, head, ...bodies]);
}

/** @throws Error when the bytes are no whole frame */
export function decodeFrame<H extends object>(bytes: Buffer): Frame<H> {
  if (bytes.length < 4) throw new Error('a frame is too short');
  let offset = 4 + bytes.readUInt32BE(0);
  if (offset > bytes.length) throw new Error('a frame is cut off in its header');
  const { lengths, ...header } = JSON.parse(bytes.toString('utf8', 4, offset)) as H & { lengths: number[] };
  const bodies = lengths.map((length) => bytes.subarray(offset, (offset += length)));
  if (offset !== bytes.length) throw new Error('a frame has another length than its header says');
  return { header: header as unknown as H, bodies };
}
