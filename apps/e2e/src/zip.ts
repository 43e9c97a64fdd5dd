import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import yazl from 'yazl';

const FILE_MODE = 0o100644;
const EXECUTABLE_MODE = 0o100755;

/** A deployment package of files by path. A name that begins with `!` is executable. */
export async function zip(files: Record<string, string | Buffer>): Promise<Buffer> {
  const archive = new yazl.ZipFile();
  for (const [name, content] of Object.entries(files)) {
    const executable = name.startsWith('!');
    archive.addBuffer(Buffer.from(content as string), executable ? name.slice(1) : name, { mode: executable ? EXECUTABLE_MODE : FILE_MODE });
  }
  archive.end();
  const chunks: Buffer[] = [];
  for await (const chunk of archive.outputStream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** All files below a directory by their path relative to it, as `zip` takes them. */
export async function filesBelow(directory: string, prefix = ''): Promise<Record<string, Buffer>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const contents = await Promise.all(files.map(async (file) => [join(prefix, relative(directory, file)), await readFile(file)] as const));
  return Object.fromEntries(contents);
}

export async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false, // Not there.
  );
}
