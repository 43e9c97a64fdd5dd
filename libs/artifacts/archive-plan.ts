/**
 * Decides, before a byte is written, what an archive would create. The archive is hostile until proven otherwise.
 *
 * Invariants of a plan:
 * 1. Every path is relative, normal (no `.`, `..`, empty segment, NUL or backslash) and unique.
 * 2. No path lies below a file or a symbolic link.
 * 3. The bytes of no two entries overlap, and none reaches into the central directory (overlap bombs).
 * 4. The declared sizes together stay below the limit; unpacking holds each entry to its declared size.
 * 5. Only files, directories and symbolic links; a link, followed through the other links, stays inside.
 */
import { crc32, inflateRawSync } from 'node:zlib';
import yauzl from 'yauzl';
import { linkStaysInside } from './link-target.js';
import { badArchive, emptyArchive, MAX_DIRECTORIES, MAX_ENTRIES, MAX_LINK_TARGET_BYTES, MAX_PATH_BYTES, MAX_SEGMENT_BYTES, MAX_UNZIPPED_BYTES, unzippedTooLarge } from './package-limits.js';

export interface PlannedFile {
  path: string;
  /** Permission bits to apply. */
  mode: number;
  method: 'stored' | 'deflated';
  /** Offset of the entry's bytes in the archive. */
  start: number;
  compressedSize: number;
  size: number;
  crc32: number;
}

export interface ArchivePlan {
  files: PlannedFile[];
  /** Parents before children; explicit and implied ones. */
  directories: { path: string; mode: number }[];
  links: { path: string; target: string }[];
}

const TYPE_MASK = 0o170000;
const TYPE_FILE = 0o100000;
const TYPE_DIRECTORY = 0o040000;
const TYPE_LINK = 0o120000;
const DEFAULT_FILE_MODE = 0o644;
const DEFAULT_DIRECTORY_MODE = 0o755;
/** Makers (high byte of "version made by") whose external attributes carry a Unix mode. */
const UNIX_MAKERS = new Set([3, 19]);
const LOCAL_HEADER_BYTES = 30;
const LOCAL_HEADER_SIGNATURE = 0x04034b50;

/** @throws ServiceError with Lambda's text when the archive breaks one of the invariants */
export async function planArchive(archive: Buffer): Promise<ArchivePlan> {
  if (archive.length === 0) throw emptyArchive();
  let zip: yauzl.ZipFile;
  try {
    zip = await yauzl.fromBufferPromise(archive, { lazyEntries: true, strictFileNames: true, validateEntrySizes: true });
  } catch (error) {
    throw badArchive(reasonOf(error));
  }
  if (zip.entryCount === 0) throw emptyArchive();
  if (zip.entryCount > MAX_ENTRIES) throw badArchive(`more than ${MAX_ENTRIES} entries`);
  // Before the first entry is read, yauzl's cursor stands at the central directory.
  const draft = new Draft(archive, Number(zip.readEntryCursor));
  try {
    for await (const entry of zip.eachEntry()) draft.add(entry);
  } catch (error) {
    throw error instanceof Error && error.name === 'ServiceError' ? error : badArchive(reasonOf(error));
  }
  return draft.finish();
}

type NodeKind = 'file' | 'directory' | 'link';

class Draft {
  private readonly kinds = new Map<string, NodeKind>();
  private readonly modes = new Map<string, number>();
  private readonly files: PlannedFile[] = [];
  private readonly links: { path: string; target: string }[] = [];
  private readonly ranges: [start: number, end: number][] = [];
  private directoryCount = 0;
  private declaredBytes = 0;

  constructor(
    private readonly archive: Buffer,
    private readonly centralDirectoryStart: number,
  ) {}

  add(entry: yauzl.Entry): void {
    if (entry.isEncrypted()) throw badArchive('encrypted entry');
    const method = methodOf(entry);
    const path = normalPath(entry.fileName);
    const { type, permissions } = modeOf(entry);
    const start = this.claimRange(entry);
    this.declaredBytes += entry.uncompressedSize;
    if (this.declaredBytes >= MAX_UNZIPPED_BYTES) throw unzippedTooLarge();

    if (type === TYPE_DIRECTORY) {
      if (entry.uncompressedSize !== 0) throw badArchive('a directory with content');
      if (path === '') return;
      this.addParents(path);
      this.addDirectory(path);
      if (!this.modes.has(path)) this.modes.set(path, permissions ?? DEFAULT_DIRECTORY_MODE);
      return;
    }
    if (path === '') throw badArchive('an entry without a name');
    this.addParents(path);
    if (this.kinds.has(path)) throw badArchive('two entries with the same name');
    const file: PlannedFile = { path, mode: permissions ?? DEFAULT_FILE_MODE, method, start, compressedSize: entry.compressedSize, size: entry.uncompressedSize, crc32: entry.crc32 };
    if (type === TYPE_LINK) {
      this.kinds.set(path, 'link');
      this.links.push({ path, target: this.readLink(file) });
    } else {
      this.kinds.set(path, 'file');
      this.files.push(file);
    }
  }

  finish(): ArchivePlan {
    this.assertNoOverlap();
    const targets = new Map(this.links.map((link) => [link.path, link.target]));
    for (const { path } of this.links) if (!linkStaysInside(path, targets)) throw badArchive('a symbolic link that leaves the package');
    const directories = [...this.kinds].filter(([, kind]) => kind === 'directory').map(([path]) => ({ path, mode: this.modes.get(path) ?? DEFAULT_DIRECTORY_MODE }));
    return { files: this.files, directories, links: this.links };
  }

  private addParents(path: string): void {
    for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) this.addDirectory(path.slice(0, slash));
  }

  private addDirectory(path: string): void {
    const kind = this.kinds.get(path);
    if (kind === 'directory') return;
    if (kind !== undefined) throw badArchive('a path below a file or a symbolic link');
    if (++this.directoryCount > MAX_DIRECTORIES) throw badArchive(`more than ${MAX_DIRECTORIES} directories`);
    this.kinds.set(path, 'directory');
  }

  /** Where the entry's data begins; records header and data as taken. */
  private claimRange(entry: yauzl.Entry): number {
    const offset = entry.relativeOffsetOfLocalHeader;
    if (offset + LOCAL_HEADER_BYTES > this.archive.length || this.archive.readUInt32LE(offset) !== LOCAL_HEADER_SIGNATURE) throw badArchive('no local header');
    const start = offset + LOCAL_HEADER_BYTES + this.archive.readUInt16LE(offset + 26) + this.archive.readUInt16LE(offset + 28);
    const end = start + entry.compressedSize;
    if (end > this.archive.length) throw badArchive('data beyond the end');
    this.ranges.push([offset, end]);
    return start;
  }

  private assertNoOverlap(): void {
    this.ranges.sort((a, b) => a[0] - b[0]);
    let reached = 0;
    for (const [start, end] of this.ranges) {
      if (start < reached) throw badArchive('overlapping entries');
      reached = end;
    }
    if (reached > this.centralDirectoryStart) throw badArchive('an entry that overlaps the directory');
  }

  private readLink(link: PlannedFile): string {
    if (link.size === 0 || link.size > MAX_LINK_TARGET_BYTES) throw badArchive('a symbolic link without a usable target');
    const raw = this.archive.subarray(link.start, link.start + link.compressedSize);
    const bytes = link.method === 'stored' ? raw : inflateLink(raw, link.size);
    if (bytes.length !== link.size || crc32(bytes) !== link.crc32) throw badArchive('a damaged symbolic link');
    return bytes.toString('utf8');
  }
}

function inflateLink(raw: Buffer, size: number): Buffer {
  try {
    return inflateRawSync(raw, { maxOutputLength: size });
  } catch (error) {
    throw badArchive(reasonOf(error));
  }
}

function methodOf(entry: yauzl.Entry): PlannedFile['method'] {
  if (entry.compressionMethod === 0) return 'stored';
  if (entry.compressionMethod === 8) return 'deflated';
  throw badArchive(`compression method ${entry.compressionMethod}`);
}

/** `./a//b/` -> `a/b`; refuses what could mean another place. yauzl (strict) has refused backslash, absolute and `..` before. */
function normalPath(name: string): string {
  if (name.includes('\0') || name.includes('\\') || name.startsWith('/') || /^[a-zA-Z]:/.test(name)) throw badArchive('a forbidden character in a name');
  if (Buffer.byteLength(name) > MAX_PATH_BYTES) throw badArchive('a name that is too long');
  const segments = name.split('/').filter((segment) => segment !== '' && segment !== '.');
  for (const segment of segments) {
    if (segment === '..') throw badArchive('a name that leaves the package');
    if (Buffer.byteLength(segment) > MAX_SEGMENT_BYTES) throw badArchive('a name that is too long');
  }
  return segments.join('/');
}

/**
 * Type and permissions of an entry. The sandbox's user is not the owner of the files, so what the archive gives its owner to
 * read and to execute is given to everyone, and everything is readable. setuid, setgid and sticky are dropped.
 */
function modeOf(entry: yauzl.Entry): { type: number; permissions: number | undefined } {
  const mode = UNIX_MAKERS.has(entry.versionMadeBy >>> 8) ? entry.externalFileAttributes >>> 16 : 0;
  const namedDirectory = entry.fileName.endsWith('/');
  const given = mode & TYPE_MASK;
  const type = given === 0 || (given === TYPE_FILE && namedDirectory) ? (namedDirectory ? TYPE_DIRECTORY : TYPE_FILE) : given;
  if (type !== TYPE_FILE && type !== TYPE_DIRECTORY && type !== TYPE_LINK) throw badArchive('a device, pipe or socket');
  if ((type === TYPE_DIRECTORY) !== namedDirectory) throw badArchive('a name and a type that disagree');
  if (mode === 0) return { type, permissions: undefined };
  if (type === TYPE_DIRECTORY) return { type, permissions: (mode & 0o777) | 0o755 };
  return { type, permissions: (mode & 0o777) | 0o444 | (mode & 0o100 ? 0o111 : 0) };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
