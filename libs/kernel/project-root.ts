import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

let found: string | undefined;

/**
 * The folder that holds Hearth's package.json: assets that are not TypeScript (service models, runtime clients, migrations)
 * are found from here, whether the code runs from `dist/`, an image or the sources.
 */
export function projectRoot(start: string = import.meta.dirname): string {
  if (found !== undefined) return found;
  for (let directory = start; ; directory = dirname(directory)) {
    const manifest = join(directory, 'package.json');
    if (existsSync(manifest) && (JSON.parse(readFileSync(manifest, 'utf8')) as { name?: string }).name === 'hearth') return (found = directory);
    if (dirname(directory) === directory) throw new Error(`Hearth's package.json was not found above ${start}`);
  }
}
