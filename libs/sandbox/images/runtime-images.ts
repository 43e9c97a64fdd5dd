import { OperatorError } from '@hearth/kernel';
import type Docker from 'dockerode';
import type { RuntimeCatalogue, RuntimeEntry } from '../runtime-catalogue.js';

export interface RuntimeImagesOptions {
  docker: Docker;
  catalogue: RuntimeCatalogue;
  /** Builds the image of a runtime that the catalogue has a recipe for. @throws OperatorError with the reason */
  build(runtime: string, onProgress: (line: string) => void, signal: AbortSignal): Promise<void>;
}

/** What is said of a pull at most this often. */
const PROGRESS_MS = 1_000;

/** Images of the runtimes on this machine's engine: which are there, and how one is had. */
export class RuntimeImages {
  private readonly running = new Map<string, Promise<void>>();
  private readonly stopped = new AbortController();

  constructor(private readonly options: RuntimeImagesOptions) {}

  async isPresent(runtime: RuntimeEntry): Promise<boolean> {
    try {
      await this.options.docker.getImage(runtime.image).inspect();
      return true;
    } catch (error) {
      if ((error as { statusCode?: number }).statusCode === 404) return false;
      throw error;
    }
  }

  /**
   * Makes sure that the image is there: built when the catalogue says how, else pulled. One at a time for each image; whoever asks
   * meanwhile waits for the same.
   * @param onProgress one line at a time, for the first to ask
   * @throws OperatorError when it cannot be had, with the reason
   */
  obtain(name: string, onProgress: (line: string) => void): Promise<void> {
    const runtime = this.options.catalogue.resolve(name);
    const running = this.running.get(runtime.image);
    if (running) return running;
    const work = this.get(runtime, onProgress).finally(() => this.running.delete(runtime.image));
    this.running.set(runtime.image, work);
    return work;
  }

  /** Breaks off what is being built or pulled. */
  async stop(): Promise<void> {
    this.stopped.abort();
    await Promise.allSettled(this.running.values());
  }

  private async get(runtime: RuntimeEntry, onProgress: (line: string) => void): Promise<void> {
    if (await this.isPresent(runtime)) return;
    if (runtime.family !== undefined) await this.options.build(runtime.name, onProgress, this.stopped.signal);
    else await this.pull(runtime, onProgress);
    if (!(await this.isPresent(runtime))) throw new OperatorError(`The image ${runtime.image} is not there although nothing failed.`, 'Look into the log of the Docker engine.');
  }

  private async pull({ image, name }: RuntimeEntry, onProgress: (line: string) => void): Promise<void> {
    const { docker } = this.options;
    const { signal } = this.stopped;
    const failed = (error: Error): OperatorError =>
      new OperatorError(`The image ${image} of ${name} cannot be pulled: ${error.message.replace(/^\(HTTP code \d+\) [a-z ]+ - /, '').trim()}.`, `Give this machine's engine access to its registry, or load the image (docker load), or map ${name} to another one (HEARTH_RUNTIMES_FILE).`);
    // Without a tag the engine would pull them all.
    const reference = /[:@]/.test(image.slice(image.lastIndexOf('/') + 1)) ? image : `${image}:latest`;
    const stream = await docker.pull(reference, { abortSignal: signal }).catch((error: Error) => Promise.reject(failed(error)));
    const layers = new Map<string, { current: number; total: number }>();
    let told = 0;
    onProgress(`pulling ${reference}`);
    await new Promise<void>((resolve, reject) => {
      const stop = (): void => void (stream as NodeJS.ReadableStream & { destroy(error: Error): void }).destroy(new Error('the worker stops'));
      signal.addEventListener('abort', stop, { once: true });
      docker.modem.followProgress(
        stream,
        (error: Error | null) => {
          signal.removeEventListener('abort', stop);
          if (error) reject(failed(error));
          else resolve();
        },
        ({ id, progressDetail }: { id?: string; progressDetail?: { current?: number; total?: number } }) => {
          if (id === undefined || progressDetail?.total === undefined) return;
          layers.set(id, { current: progressDetail.current ?? 0, total: progressDetail.total });
          if (Date.now() - told < PROGRESS_MS) return;
          told = Date.now();
          const [current, total] = [...layers.values()].reduce(([a, b], layer) => [a + layer.current, b + layer.total], [0, 0] as [number, number]);
          onProgress(`pulling ${reference}: ${(current / 1e6).toFixed(0)} of ${(total / 1e6).toFixed(0)} MB`);
        },
      );
    });
  }
}
