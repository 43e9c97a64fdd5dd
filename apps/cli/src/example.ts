import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import yazl from 'yazl';

/** examples/NAME/example.json */
export interface Example {
  name: string;
  runtime: string;
  handler: string;
  memoryMb: number;
  timeoutSeconds: number;
  description: string;
  /** Event to invoke it with. */
  event: unknown;
  archive: Buffer;
  /** Base64 SHA-256 of the archive, as CodeSha256 shows it. */
  sha256: string;
}

const NOT_CODE = new Set(['README.md', 'example.json']);
/** Fixed, so that the same code is the same archive and is not deployed again. */
const MTIME = new Date('2000-01-01T00:00:00Z');

export async function readExamples(directory: string): Promise<Example[]> {
  const names = (await readdir(directory, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return Promise.all(names.sort().map((name) => readExample(join(directory, name), name)));
}

async function readExample(directory: string, name: string): Promise<Example> {
  const manifest = JSON.parse(await readFile(join(directory, 'example.json'), 'utf8')) as Omit<Example, 'name' | 'archive' | 'sha256'>;
  const archive = await zip(directory);
  return { ...manifest, name, archive, sha256: createHash('sha256').update(archive).digest('base64') };
}

async function zip(directory: string): Promise<Buffer> {
  const archive = new yazl.ZipFile();
  const entries = (await readdir(directory, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map((entry) => relative(directory, join(entry.parentPath, entry.name)));
  for (const entry of entries.sort()) {
    if (NOT_CODE.has(entry)) continue;
    const path = join(directory, entry);
    const executable = ((await stat(path)).mode & 0o111) !== 0;
    archive.addBuffer(await readFile(path), entry, { mtime: MTIME, mode: executable ? 0o100755 : 0o100644 });
  }
  archive.end();
  const chunks: Buffer[] = [];
  for await (const chunk of archive.outputStream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
