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
  /** How often it looks whether somebody removed an image. Default 60 s. */
  lookMs?: number;
}

/**
 * A worker's side of the images: tells which it has, and builds or pulls what is asked for, one after the other, with its progress in
 * the log and in the registry.
 */
export class ImageWorker {
  private timer: NodeJS.Timeout | undefined;
  private busy: Promise<void> | undefined;
  private stopping = false;
  private absent = new Set<string>();
  private lookedAt = 0;
  private beating: Promise<void> | undefined;

  constructor(private readonly options: ImageWorkerOptions) {}

  /** Resolves when the registry knows what is here. What functions already need and is missing is asked for. */
  async start(): Promise<void> {
    await this.look('start');
    this.plan();
  }

  /** Runtimes that cannot run here now. */
  missing(): string[] {
    return [...this.absent];
  }

  async stop(): Promise<void> {
    this.stopping = true;
    clearTimeout(this.timer);
    await this.beating;
    await this.options.images.stop();
    await this.busy;
    await this.options.registry.leave(this.options.workerId);
  }

  private plan(): void {
    if (this.stopping) return;
    this.timer = setTimeout(() => {
      this.beating = this.beat().finally(() => this.plan());
    }, this.options.beatMs ?? 1_000);
    this.timer.unref();
  }

  private async beat(): Promise<void> {
    try {
      const wanted = await this.options.registry.beat(this.options.workerId);
      if (this.busy) return;
      if (performance.now() - this.lookedAt > (this.options.lookMs ?? 60_000)) await this.look('again');
      if (wanted.length > 0) this.busy = this.obtainAll(wanted).finally(() => (this.busy = undefined));
    } catch (err) {
      this.options.logger.debug({ err }, 'the registry of runtime images does not answer; it is asked again');
    }
  }

  /** What functions need and has gone, or was never here, is asked for; what could not be had is not tried again by itself. */
  private async look(when: 'start' | 'again'): Promise<void> {
    const { registry, images, runtimes, workerId } = this.options;
    this.lookedAt = performance.now();
    const known = await Promise.all(runtimes.map(async (runtime) => ({ runtime: runtime.name, image: runtime.image, present: await images.isPresent(runtime) })));
    const before = this.absent;
    this.absent = new Set(known.filter(({ present }) => !present).map(({ runtime }) => runtime));
    await registry.announce(workerId, known, when === 'start');
    const gone = [...this.absent].filter((runtime) => when === 'start' || !before.has(runtime));
    if (gone.length === 0) return;
    const needed = await registry.inUse();
    for (const runtime of gone) if (needed.includes(runtime)) await registry.request(runtime);
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
