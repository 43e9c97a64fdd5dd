import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { OperatorError, projectRoot } from '@hearth/kernel';
import { z } from 'zod';

const catalogueSchema = z.record(
  z.string().min(1),
  z.object({
    image: z.string().min(1),
    /** `socket`: Hearth's own runtime clients; `http`: the Runtime API, for every other image. */
    channel: z.enum(['socket', 'http']),
    build: z.object({ family: z.string().min(1) }).loose().optional(),
  }),
);

export interface RuntimeEntry {
  name: string;
  image: string;
  channel: 'socket' | 'http';
  /** Which of Hearth's runtime clients the image is built around (`nodejs`, `python`, `provided`); absent for foreign images. */
  family?: string;
}

/** Which image runs a runtime name, and how Hearth talks to it. A deployment may replace the file (HEARTH_RUNTIMES_FILE). */
export class RuntimeCatalogue {
  private constructor(
    private readonly entries: ReadonlyMap<string, RuntimeEntry>,
    /** Folder of the runtime clients' sources, for the process driver. */
    readonly assets: string,
  ) {}

  /**
   * @param file default: infra/runtimes/catalogue.json of Hearth
   * @throws OperatorError when the file cannot be read or is not a catalogue
   */
  static load(file?: string): RuntimeCatalogue {
    const standard = join(projectRoot(), 'infra/runtimes/catalogue.json');
    const path = file === undefined ? standard : resolve(file);
    let parsed: unknown;
    try {
      parsed = JSON.parse(readFileSync(path, 'utf8'));
    } catch (error) {
      throw new OperatorError(`The runtime catalogue ${path} cannot be read: ${(error as Error).message}`, 'Point HEARTH_RUNTIMES_FILE at a readable JSON file.');
    }
    return RuntimeCatalogue.of(parsed, path, dirname(standard));
  }

  static of(parsed: unknown, path: string, assets: string): RuntimeCatalogue {
    const result = catalogueSchema.safeParse(parsed);
    if (!result.success) {
      const issue = result.error.issues[0];
      throw new OperatorError(
        `The runtime catalogue ${path} is not valid: ${issue?.path.join('.')}: ${issue?.message}`,
        'Give each runtime {"image", "channel": "socket" or "http"}.',
      );
    }
    const entries = Object.entries(result.data).map(([name, entry]): [string, RuntimeEntry] => [
      name,
      { name, image: entry.image, channel: entry.channel, family: entry.build?.family },
    ]);
    return new RuntimeCatalogue(new Map(entries), assets);
  }

  names(): string[] {
    return [...this.entries.keys()];
  }

  all(): RuntimeEntry[] {
    return [...this.entries.values()];
  }

  /** @throws OperatorError for a runtime that the catalogue does not map */
  resolve(runtime: string): RuntimeEntry {
    const entry = this.entries.get(runtime);
    if (entry === undefined) {
      throw new OperatorError(`The runtime ${runtime} is not in the runtime catalogue`, `Map it to an image; known are ${this.names().join(', ')}.`);
    }
    return entry;
  }
}
