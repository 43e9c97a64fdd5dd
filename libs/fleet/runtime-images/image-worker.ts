import { OperatorError } from '@hearth/kernel';
import type { Logger } from '@hearth/queue';
import type { RuntimeEntry } from '@hearth/sandbox';
import type { ImageRegistry } from './image-registry.js';

/** `RuntimeImages` of `sandbox`. */
export interface ImageSource {
  isPresent(runtime: RuntimeEntry): Promise<boolean>;
  obtain(runtime: string, onProgress: (line: string) => void): Promise<void>;
  stop(): Promise<void>;
}

export interface ImageWorkerOptions {
  registry: ImageRegistry;
  images: ImageSource;
  runtimes: readonly RuntimeEntry[];
  /** The same for every life of this worker. */
  workerId: string;
  logger: Logger;
  /** Default 1 s. */
  beatMs?: number;
}

/**
 * A worker's side of the images: tells which it has, and builds or pulls what is asked for, one after the other, with its progress in
 * the log and in the registry.
 */
export class ImageWorker {
  private timer: NodeJS.Timeout | undefined;
  private busy: Promise<void> | undefined;
  private stopping = false;
  private readonly absent = new Set<string>();

  constructor(private readonly options: ImageWorkerOptions) {}

  /** Resolves when the registry knows what is here. What functions already need and is missing is asked for. */
  async start(): Promise<void> {
    const { registry, images, runtimes, workerId } = this.options;
    const known = await Promise.all(runtimes.map(async (runtime) => ({ runtime: runtime.name, image: runtime.image, present: await images.isPresent(runtime) })));
    for (const { runtime, present } of known) if (!present) this.absent.add(runtime);
    await registry.announce(workerId, known);
    for (const runtime of await registry.inUse()) if (known.some((one) => one.runtime === runtime && !one.present)) await registry.request(runtime);
    this.plan();
  }

  /** Runtimes that cannot run here now. */
  missing(): string[] {
    return [...this.absent];
  }

  async stop(): Promise<void> {
    this.stopping = true;
    clearTimeout(this.timer);
    await this.options.images.stop();
    await this.busy;
    await this.options.registry.leave(this.options.workerId);
  }

  private plan(): void {
    if (this.stopping) return;
    this.timer = setTimeout(() => void this.beat().finally(() => this.plan()), this.options.beatMs ?? 1_000);
    this.timer.unref();
  }

  private async beat(): Promise<void> {
    try {
      const wanted = await this.options.registry.beat(this.options.workerId);
      if (wanted.length > 0 && this.busy === undefined) this.busy = this.obtainAll(wanted).finally(() => (this.busy = undefined));
    } catch (err) {
      this.options.logger.debug({ err }, 'the registry of runtime images does not answer; it is asked again');
    }
  }

  private async obtainAll(wanted: readonly string[]): Promise<void> {
    const { logger } = this.options;
    for (const runtime of wanted) {
      if (this.stopping) return;
      await this.obtain(runtime).catch((err: unknown) => logger.warn({ err, runtime }, 'What became of an image could not be noted; it is looked for again'));
    }
  }

  private async obtain(name: string): Promise<void> {
    const { registry, images, runtimes, workerId, logger } = this.options;
    const { image } = runtimes.find((runtime) => runtime.name === name)!;
    // In order, and so that the last word is not overtaken by a line of progress.
    let telling = registry.tell(workerId, image, 'building', 'begun');
    logger.info({ runtime: name, image }, 'The image of a runtime is missing and is made or pulled now');
    const progress = (line: string): void => {
      logger.info({ runtime: name, image }, line);
      telling = telling.then(() => registry.tell(workerId, image, 'building', line)).catch(() => undefined); // The next line, or the end, is told again.
    };
    try {
      await images.obtain(name, progress);
      await telling;
      for (const runtime of runtimes) if (runtime.image === image) this.absent.delete(runtime.name);
      await registry.tell(workerId, image, 'present', '');
      logger.info({ runtime: name, image }, 'The image is there');
    } catch (error) {
      await telling.catch(() => undefined); // The end is told below.
      if (this.stopping) return; // Still asked for: the next life takes it up.
      const reason = error instanceof OperatorError ? `${error.message} ${error.remedy}` : error instanceof Error ? error.message : String(error);
      logger.error({ runtime: name, image, err: error }, 'The image of a runtime cannot be had');
      await registry.tell(workerId, image, 'failed', reason);
    }
  }
}
