import { ensureImage, ImageRegistry, ImageUnavailable, type WorkerImage } from '@hearth/fleet';
import { OperatorError } from '@hearth/kernel';
import type { Installation } from './installation.js';
import { withDatabase } from './platform-database.js';

const USAGE = 'hearth runtimes | hearth runtimes build NAME';

/** Which runtimes the workers can run: `hearth runtimes [build NAME]`. */
export async function runtimes(place: Installation, [verb, name, ...rest]: string[]): Promise<number> {
  if (rest.length > 0 || (verb !== undefined && (verb !== 'build' || name === undefined))) throw new OperatorError('That is not a command on runtimes.', USAGE);
  return withDatabase(place, async (database) => {
    const registry = new ImageRegistry(database);
    return name === undefined ? list(registry) : build(registry, name);
  });
}

async function list(registry: ImageRegistry): Promise<number> {
  const images = await registry.list();
  if (images.length === 0) throw new OperatorError('No worker that runs containers is there.', 'Start Hearth: ./hearth up.');
  const several = new Set(images.map(({ workerId }) => workerId)).size > 1;
  const rows = images.map(({ workerId, runtime, image, state, detail }) => [...(several ? [workerId] : []), runtime, state, image, detail]);
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  for (const row of rows) console.log(row.map((cell, column) => cell.padEnd(column === row.length - 1 ? 0 : widths[column]!)).join('  ').trimEnd());
  return 0;
}

/** Asks all workers and follows them to the end: the image is there on one of them, or on none. */
async function build(registry: ImageRegistry, runtime: string): Promise<number> {
  const known = await registry.list();
  if (!known.some((image) => image.runtime === runtime)) {
    throw new OperatorError(`No worker knows the runtime ${runtime}.`, `Known are: ${[...new Set(known.map((image) => image.runtime))].join(', ') || 'none; start Hearth (./hearth up)'}.`);
  }
  try {
    await ensureImage(registry, runtime, new AbortController().signal, (images) => images.forEach(tell));
  } catch (error) {
    if (!(error instanceof ImageUnavailable)) throw error;
    console.log(`${runtime} is not available: ${error.message}`);
    return 1;
  }
  console.log(`${runtime} is there`);
  return 0;
}

function tell({ workerId, state, detail }: WorkerImage): void {
  console.log(`${workerId}: ${state}${detail ? `: ${detail}` : ''}`);
}
