import { createHash } from 'node:crypto';
import { lstat, mkdir, mkdtemp, readdir, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { DiskPackageStore } from './disk-package-store.js';
import { honestZip } from './testing/package-store-conformance.js';
import { zipBytes, type RawEntry } from './testing/zip-bytes.js';

const BAD = 'Could not unzip uploaded file. Please check your file, then try to upload again.';
const TOO_LARGE = 'Unzipped size must be smaller than 262144000 bytes';
const LINK = 0o120777;

const file = (name: string, more: Partial<RawEntry> = {}): RawEntry => ({ name, content: `content of ${name}`, ...more });
const link = (name: string, target: string): RawEntry => ({ name, content: target, mode: LINK });
const good = zipBytes([file('index.js'), file('lib/a.js')]);
const patched = (change: (bytes: Buffer) => Buffer | void): Buffer => {
  const bytes = Buffer.from(good);
  return change(bytes) ?? bytes;
};
const zip64Extra = (size: bigint): Buffer => {
  const extra = Buffer.alloc(12);
  extra.writeUInt16LE(1, 0);
  extra.writeUInt16LE(8, 2);
  extra.writeBigUInt64LE(size, 4);
  return extra;
};
/** Every entry is "compressed" from the same kernel: the classic overlap bomb. */
const overlapBomb = (): Buffer => {
  const kernel = Buffer.alloc(1_000_000);
  const compressedSize = deflateRawSync(kernel).length;
  return zipBytes([{ name: '0', content: kernel }, ...Array.from({ length: 200 }, (_, index) => ({ name: `${index + 1}`, withoutLocal: true, offset: 0, compressedSize, uncompressedSize: kernel.length, crc: 0 }))]);
};

const CORPUS: [what: string, archive: () => Buffer, message?: string][] = [
  ['traversal', () => zipBytes([file('../evil')])],
  ['traversal in the middle', () => zipBytes([file('a/../../evil')])],
  ['traversal at the end', () => zipBytes([file('a/..')])],
  ['traversal that stays inside', () => zipBytes([file('a/../b')])],
  ['traversal as a directory', () => zipBytes([{ name: '../evil/', mode: 0o040755 }])],
  ['an absolute path', () => zipBytes([file('/etc/cron.d/evil')])],
  ['a double slash at the start', () => zipBytes([file('//evil')])],
  ['a drive letter', () => zipBytes([file('C:/evil')])],
  ['a backslash', () => zipBytes([file('..\\evil')])],
  ['a backslash inside', () => zipBytes([file('a\\b')])],
  ['NUL in a name', () => zipBytes([file('a\0b')])],
  ['an empty name', () => zipBytes([file('')])],
  ['a name of dots only', () => zipBytes([file('.')])],
  ['a traversal name in the Unicode path field', () => {
    const name = Buffer.from('../evil');
    const extra = Buffer.concat([Buffer.alloc(9), name]);
    extra.writeUInt16LE(0x7075, 0);
    extra.writeUInt16LE(5 + name.length, 2);
    extra.writeUInt8(1, 4);
    extra.writeUInt32LE(0xe8b7be43, 5); // CRC-32 of "a"
    return zipBytes([file('a', { extra, flags: 0 })]);
  }],
  ['an absolute link', () => zipBytes([link('a', '/etc/passwd')])],
  ['a link upwards', () => zipBytes([link('a', '../x')])],
  ['a deep link upwards', () => zipBytes([link('a/b/c', '../../../x')])],
  ['a link that leaves through another link', () => zipBytes([link('d/up', '..'), link('y', 'd/up/../x')])],
  ['a chain of links that leaves', () => zipBytes([link('a/b/one', '../..'), link('two', 'a/b/one/..')])],
  ['a loop of links', () => zipBytes([link('a', 'b'), link('b', 'a')])],
  ['a link to itself', () => zipBytes([link('a', 'a')])],
  ['an empty link', () => zipBytes([link('a', '')])],
  ['NUL in a link', () => zipBytes([link('a', 'x\0y')])],
  ['a link with a huge target', () => zipBytes([link('a', 'x/'.repeat(3_000))])],
  ['a link whose target lies about its size', () => zipBytes([{ ...link('a', 'index.js'), uncompressedSize: 3 }])],
  ['a link whose target has a wrong CRC', () => zipBytes([{ ...link('a', 'index.js'), crc: 1 }])],
  ['an entry through a link', () => zipBytes([link('dir', 'other'), file('dir/evil')])],
  ['an entry through a link that comes later', () => zipBytes([file('dir/evil'), link('dir', 'other')])],
  ['a file and a link of one name', () => zipBytes([file('a'), link('a', 'b')])],
  ['a directory and a link of one name', () => zipBytes([{ name: 'a/', mode: 0o040755 }, link('a', 'b')])],
  ['two files of one name', () => zipBytes([file('a'), file('a')])],
  ['two spellings of one name', () => zipBytes([file('a/b'), file('./a//b')])],
  ['a file and a directory of one name', () => zipBytes([file('a'), { name: 'a/', mode: 0o040755 }])],
  ['a file below a file', () => zipBytes([file('a'), file('a/b')])],
  ['a file that was a directory', () => zipBytes([file('a/b'), file('a')])],
  ['a block device', () => zipBytes([file('a', { mode: 0o060666 })])],
  ['a character device', () => zipBytes([file('a', { mode: 0o020666 })])],
  ['a named pipe', () => zipBytes([file('a', { mode: 0o010666 })])],
  ['a socket', () => zipBytes([file('a', { mode: 0o140666 })])],
  ['a directory by type but not by name', () => zipBytes([{ name: 'a', mode: 0o040755 }])],
  ['a link by type with a directory name', () => zipBytes([{ name: 'a/', content: 'b', mode: LINK }])],
  ['a directory with content', () => zipBytes([{ name: 'a/', content: 'hidden', mode: 0o040755 }])],
  ['an encrypted entry', () => zipBytes([file('a', { flags: 0x801 })])],
  ['strong encryption', () => zipBytes([file('a', { flags: 0x841 })])],
  ['deflate64', () => zipBytes([file('a', { method: 9 })])],
  ['bzip2', () => zipBytes([file('a', { method: 12 })])],
  ['lzma', () => zipBytes([file('a', { method: 14 })])],
  ['zstd', () => zipBytes([file('a', { method: 93 })])],
  ['a wrong CRC, deflated', () => zipBytes([file('a', { crc: 1 })])],
  ['a wrong CRC, stored', () => zipBytes([file('a', { crc: 1, method: 0 })])],
  ['a wrong CRC in a large file', () => zipBytes([{ name: 'a', content: Buffer.alloc(3_000_000), crc: 1 }])],
  ['a declared size that is too small', () => zipBytes([file('a', { uncompressedSize: 2 })])],
  ['a declared size that is too large', () => zipBytes([file('a', { uncompressedSize: 900 })])],
  ['a ratio lie in a large file', () => zipBytes([{ name: 'a', content: Buffer.alloc(30_000_000), uncompressedSize: 2_000_000 }])],
  ['a stored size that differs', () => zipBytes([file('a', { method: 0, uncompressedSize: 5 })])],
  ['data that is not deflate', () => patchedMethod()],
  ['data cut short in deflate', () => zipBytes([file('a', { compressedSize: 4 })])],
  ['an overlap bomb', overlapBomb],
  ['two names for the same bytes', () => zipBytes([file('a'), { name: 'b', content: 'content of a', withoutLocal: true, offset: 0 }])],
  ['an entry inside another', () => zipBytes([{ name: 'a', content: good, method: 0 }, { name: 'b', content: 'content of index.js', withoutLocal: true, offset: 31 }])],
  ['an entry that reaches into the directory', () => zipBytes([file('a', { method: 0, compressedSize: 60, uncompressedSize: 60 })])],
  ['an offset beyond the end', () => zipBytes([file('a', { offset: 1_000_000 })])],
  ['an offset into the middle', () => zipBytes([file('a', { offset: 3 })])],
  ['a size beyond the end', () => zipBytes([file('a', { compressedSize: 0x7fffffff })])],
  ['a zip64 size beyond all numbers', () => zipBytes([file('a', { uncompressedSize: 0xffffffff, extra: zip64Extra(2n ** 63n) })]), TOO_LARGE],
  ['a zip64 size without its field', () => zipBytes([file('a', { uncompressedSize: 0xffffffff, extra: Buffer.from([1, 0, 0, 0]) })])],
  ['a broken extra field', () => zipBytes([file('a', { extra: Buffer.from([1, 0, 255, 0]) })])],
  ['more entries than there are', () => zipBytes([file('a')], { entryCount: 7 })],
  ['a directory offset beyond the end', () => zipBytes([file('a')], { directoryOffset: 99_999 })],
  ['a name of 256 bytes', () => zipBytes([file('x'.repeat(256))])],
  ['a path of 5,000 bytes', () => zipBytes([file('d/'.repeat(2_500) + 'f')])],
  ['directories without end', () => zipBytes(Array.from({ length: 80 }, (_, index) => file(`${index}/${'d/'.repeat(1_000)}f`)))],
  ['a comment that looks like the end', () => zipBytes([file('../a')], { comment: Buffer.from('PK\x05\x06 and more bytes than an end record has') })],
  ['a truncated archive', () => patched((bytes) => bytes.subarray(0, bytes.length - 30))],
  ['an archive without its beginning', () => patched((bytes) => bytes.subarray(10))],
  ['a destroyed local header', () => patched((bytes) => void bytes.fill(0, 0, 30))],
  ['no zip at all', () => Buffer.from('this is no zip, only text that is long enough to hold an end record')],
  ['a gzip', () => Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 0]), Buffer.alloc(100)])],
  ['a few bytes', () => Buffer.from('PK')],
  ['a declared size over the limit', () => zipBytes([file('a', { uncompressedSize: 300_000_000 })]), TOO_LARGE],
  ['a sum over the limit', () => zipBytes(Array.from({ length: 3 }, (_, index) => file(`f${index}`, { uncompressedSize: 90_000_000 }))), TOO_LARGE],
  ['a true 250 MB of zeros', () => zipBytes([{ name: 'zeros', content: Buffer.alloc(262_144_001) }]), TOO_LARGE],
  ['an archive without entries', () => zipBytes([]), 'Uploaded file must be a non-empty zip'],
  ['no bytes', () => Buffer.alloc(0), 'Uploaded file must be a non-empty zip'],
];

/** A stored entry relabelled as deflated. */
function patchedMethod(): Buffer {
  const bytes = zipBytes([{ name: 'a', content: '\xff\xfe not a deflate stream', method: 0 }]);
  bytes.writeUInt16LE(8, 8);
  bytes.writeUInt16LE(8, bytes.indexOf(Buffer.from([0x50, 0x4b, 1, 2])) + 10);
  return bytes;
}

let outer: string;
let root: string;
beforeEach(async () => {
  outer = await mkdtemp(join(tmpdir(), 'hearth-hostile-'));
  root = join(outer, 'store');
  await mkdir(root);
});
afterEach(() => rm(outer, { recursive: true, force: true }));

async function leftovers(): Promise<string[]> {
  const names = await readdir(outer, { recursive: true });
  return names.filter((name) => !['store', 'store/archives', 'store/code', 'store/layers', 'store/tmp'].includes(name));
}

describe('a hostile archive is refused and leaves nothing behind', () => {
  it.each(CORPUS)('%s', async (_what, archive, message = BAD) => {
    const bytes = archive();
    await expect(new DiskPackageStore({ root }).put(bytes)).rejects.toMatchObject({ code: 'InvalidParameterValueException', status: 400, message });
    expect(await leftovers()).toEqual([]);
  });

  it('more entries than an archive may have', async () => {
    const archive = zipBytes(Array.from({ length: 50_001 }, (_, index) => ({ name: `${index}`, method: 0 })));
    await expect(new DiskPackageStore({ root }).put(archive)).rejects.toMatchObject({ message: BAD });
    expect(await leftovers()).toEqual([]);
  });
});

describe('mutated archives', () => {
  /** After any put: everything new lies in the store, under the archive's digest, with links that stay inside. */
  async function assertContained(digest: string, accepted: boolean): Promise<void> {
    const expected = accepted ? [`store/archives/${digest.slice(0, 2)}`, `store/archives/${digest.slice(0, 2)}/${digest}.zip`, `store/code/${digest}`] : [];
    for (const name of await leftovers()) {
      const inside = expected.includes(name) || (accepted && name.startsWith(`store/code/${digest}/`));
      if (!inside) throw new Error(`${name} was written`);
      const path = join(outer, name);
      const found = await lstat(path);
      if (!found.isFile() && !found.isDirectory() && !found.isSymbolicLink()) throw new Error(`${name} is special`);
      if (found.mode & 0o7000) throw new Error(`${name} has special bits`);
      if (found.isSymbolicLink() && relative(join(outer, `store/code/${digest}`), resolve(dirname(path), await readlink(path))).startsWith('..')) throw new Error(`${name} leaves`);
    }
  }

  /** In a store of its own: a failure of one archive says nothing of the next, smaller one. */
  async function tryPut(archive: Buffer): Promise<void> {
    const digest = createHash('sha256').update(archive).digest('hex');
    await rm(root, { recursive: true });
    await mkdir(root);
    const store = new DiskPackageStore({ root });
    let accepted = true;
    try {
      await store.put(archive);
    } catch (error) {
      accepted = false;
      expect(error).toMatchObject({ name: 'ServiceError', status: 400 });
    }
    await assertContained(digest, accepted);
    await store.remove(digest);
    expect(await readdir(join(root, 'code'))).toEqual([]);
  }

  it('never write outside, whatever bytes are changed', async () => {
    const base = zipBytes([file('index.js'), file('lib/a.js', { method: 0 }), link('lib/b.js', 'a.js'), { name: 'empty/', mode: 0o040755 }, file('bin/x', { mode: 0o100755 })]);
    const change = fc.tuple(fc.nat(base.length - 1), fc.integer({ min: 0, max: 255 }));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 6 }), fc.option(fc.nat(base.length), { freq: 5 }), async (changes, cut) => {
        const bytes = Buffer.from(base);
        for (const [at, value] of changes) bytes[at] = value;
        await tryPut(cut === null ? bytes : bytes.subarray(0, cut));
      }),
      { numRuns: 600 },
    );
  });

  it('never write outside, whatever names, types and links are combined', async () => {
    const segment = fc.constantFrom('a', 'b', 'c', '..', '.', '', 'a/b', '../..', 'up');
    const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => segments.join('/'));
    const entry = fc.record({ name: path, content: path, mode: fc.constantFrom(0, 0o100644, 0o100755, 0o104755, LINK, LINK, 0o040755, 0o020666) });
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { minLength: 1, maxLength: 5 }), (entries) => tryPut(zipBytes(entries))),
      { numRuns: 600 },
    );
  });

  it('never refuse an honest archive', async () => {
    const name = fc.array(fc.stringMatching(/^[a-zA-Z0-9_@-]{1,12}$/), { minLength: 1, maxLength: 4 }).map((segments) => segments.join('/') + '.js');
    await fc.assert(
      fc.asyncProperty(fc.dictionary(name, fc.string(), { minKeys: 1, maxKeys: 8 }), async (files) => {
        const store = new DiskPackageStore({ root });
        const { digest } = await store.put(await honestZip(files));
        await store.remove(digest);
      }),
      { numRuns: 100 },
    );
  });
});
