import { crc32, deflateRawSync } from 'node:zlib';

/** One entry, and every lie that can be told about it. Absent fields are honest. */
export interface RawEntry {
  name: string | Buffer;
  content?: string | Buffer;
  /** Unix mode with type bits; 0 = none given. */
  mode?: number;
  method?: number;
  flags?: number;
  /** High byte: 3 = Unix. */
  madeBy?: number;
  crc?: number;
  compressedSize?: number;
  uncompressedSize?: number;
  /** Offset of the local header that the directory names. */
  offset?: number;
  extra?: Buffer;
  localName?: string | Buffer;
  /** No local header and data of its own: the directory points at another entry's. */
  withoutLocal?: boolean;
}

/** Builds a zip byte by byte, for archives no honest tool would write. */
export function zipBytes(entries: RawEntry[], lies: { entryCount?: number; directoryOffset?: number; directorySize?: number; comment?: Buffer } = {}): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let position = 0;
  for (const entry of entries) {
    const name = Buffer.from(entry.name as string);
    const content = Buffer.from((entry.content ?? '') as string);
    const method = entry.method ?? 8;
    const data = method === 8 ? deflateRawSync(content) : content;
    const fields = { flags: entry.flags ?? 0x800, method, crc: entry.crc ?? crc32(content), compressed: entry.compressedSize ?? data.length, uncompressed: entry.uncompressedSize ?? content.length };
    const extra = entry.extra ?? Buffer.alloc(0);
    const offset = entry.offset ?? position;
    if (!entry.withoutLocal) {
      const localName = Buffer.from((entry.localName ?? name) as string);
      const local = Buffer.alloc(30);
      local.writeUInt32LE(0x04034b50, 0);
      local.writeUInt16LE(20, 4);
      common(local, 6, fields);
      local.writeUInt16LE(localName.length, 26);
      locals.push(local, localName, data);
      position += 30 + localName.length + data.length;
    }
    const record = Buffer.alloc(46);
    record.writeUInt32LE(0x02014b50, 0);
    record.writeUInt16LE((entry.madeBy ?? 3) << 8, 4);
    record.writeUInt16LE(20, 6);
    common(record, 8, fields);
    record.writeUInt16LE(name.length, 28);
    record.writeUInt16LE(extra.length, 30);
    record.writeUInt32LE((((entry.mode ?? 0o100644) << 16) >>> 0) >>> 0, 38);
    record.writeUInt32LE(offset, 42);
    central.push(record, name, extra);
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  const comment = lies.comment ?? Buffer.alloc(0);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE((lies.entryCount ?? entries.length) & 0xffff, 8);
  end.writeUInt16LE((lies.entryCount ?? entries.length) & 0xffff, 10);
  end.writeUInt32LE(lies.directorySize ?? directory.length, 12);
  end.writeUInt32LE(lies.directoryOffset ?? position, 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...locals, directory, end, comment]);
}

function common(target: Buffer, at: number, fields: { flags: number; method: number; crc: number; compressed: number; uncompressed: number }): void {
  target.writeUInt16LE(fields.flags, at);
  target.writeUInt16LE(fields.method, at + 2);
  target.writeUInt32LE(fields.crc >>> 0, at + 8);
  target.writeUInt32LE(fields.compressed >>> 0, at + 12);
  target.writeUInt32LE(fields.uncompressed >>> 0, at + 16);
}
