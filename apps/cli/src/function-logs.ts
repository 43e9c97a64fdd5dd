import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Installation } from './installation.js';

/** Log files by function name, of all accounts. */
export async function functionLogFiles(place: Installation): Promise<{ functionName: string; path: string }[]> {
  const entries = await readdir(place.functionLogs, { recursive: true }).catch(() => []); // No function has logged yet.
  return entries
    .filter((entry) => entry.endsWith('.log'))
    .map((entry) => ({ functionName: entry.slice(entry.lastIndexOf('/') + 1, -'.log'.length), path: join(place.functionLogs, entry) }));
}

/** What a function logged, oldest first. */
export async function functionLogTexts(place: Installation, functionName: string): Promise<string[]> {
  const texts: string[] = [];
  for (const file of await functionLogFiles(place)) {
    if (file.functionName !== functionName) continue;
    for (const line of (await readFile(file.path, 'utf8')).split('\n')) {
      if (!line.endsWith('}')) continue; // The last record may be half written.
      texts.push((JSON.parse(line) as { text: string }).text);
    }
  }
  return texts;
}
