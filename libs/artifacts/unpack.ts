import { createWriteStream } from 'node:fs';
import { chmod, mkdir, open, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { crc32, createInflateRaw, inflateRaw } from 'node:zlib';
import type { ArchivePlan, PlannedFile } from './archive-plan.js';
import { badArchive } from './package-limits.js';

const inflateRawAsync = promisify(inflateRaw);
/** Files up to this size are inflated in one piece, larger ones streamed: memory stays below CONCURRENCY times this. */
const WHOLE_FILE_BYTES = 1_048_576;
const CONCURRENCY = 8;
const CHUNK_BYTES = 262_144;

/**
 * Writes a planned archive below `root`, an empty directory of its own. No link exists while files are written, so no write
 * can be led elsewhere. Every entry must have exactly its declared size and CRC. Files and directories are fsynced.
 * @throws ServiceError for lies about size or CRC; the caller removes `root`
 */
export async function unpack(archive: Buffer, plan: ArchivePlan, root: string): Promise<void> {
  for (const { path } of plan.directories) await mkdir(join(root, path), { mode: 0o755 });
  let next = 0;
  const lanes = Array.from({ length: Math.min(CONCURRENCY, plan.files.length) }, async () => {
    for (let file = plan.files[next++]; file !== undefined; file = plan.files[next++]) {
      try {
        await writeFile(archive, file, join(root, file.path));
      } catch (error) {
        next = plan.files.length; // The other lanes stop too: nothing may be written after the caller cleans up.
        throw error;
      }
    }
  });
  const ends = await Promise.allSettled(lanes);
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed) throw failed.reason;
  for (const { path, target } of plan.links) await symlink(target, join(root, path));
  for (const { path, mode } of plan.directories.toReversed()) {
    await chmod(join(root, path), mode);
    await syncDirectory(join(root, path));
  }
  await syncDirectory(root);
}

/** Makes the names in a directory survive a power cut. */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeFile(archive: Buffer, file: PlannedFile, target: string): Promise<void> {
  const raw = archive.subarray(file.start, file.start + file.compressedSize);
  const handle = await open(target, 'wx', 0o600);
  try {
    if (file.size <= WHOLE_FILE_BYTES) await handle.writeFile(await whole(raw, file));
    else await streamed(raw, file, target);
    await handle.chmod(file.mode);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function whole(raw: Buffer, file: PlannedFile): Promise<Buffer> {
  const bytes = file.method === 'stored' ? raw : await inflated(raw, file.size);
  if (bytes.length !== file.size || crc32(bytes) !== file.crc32) throw badArchive('size or CRC differ from what the archive says');
  return bytes;
}

async function inflated(raw: Buffer, size: number): Promise<Buffer> {
  try {
    return await inflateRawAsync(raw, { maxOutputLength: Math.max(size, 1) });
  } catch (error) {
    throw badArchive(error instanceof Error ? error.message : String(error));
  }
}

async function streamed(raw: Buffer, file: PlannedFile, target: string): Promise<void> {
  let size = 0;
  let sum = 0;
  const measure = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      if (size > file.size) return done(badArchive('more bytes than the archive says'));
      sum = crc32(chunk, sum);
      done(null, chunk);
    },
  });
  const source = Readable.from(chunks(raw), { objectMode: false });
  const sink = createWriteStream(target, { flags: 'r+' });
  try {
    if (file.method === 'stored') await pipeline(source, measure, sink);
    else await pipeline(source, createInflateRaw({ chunkSize: CHUNK_BYTES }), measure, sink);
  } catch (error) {
    throw (error as { code?: string }).code?.startsWith('Z_') ? badArchive((error as Error).message) : error;
  }
  if (size !== file.size || sum !== file.crc32) throw badArchive('size or CRC differ from what the archive says');
}

function* chunks(bytes: Buffer): Generator<Buffer> {
  for (let start = 0; start < bytes.length; start += CHUNK_BYTES) yield bytes.subarray(start, start + CHUNK_BYTES);
}
