import type { ImageRegistry, WorkerImage } from './image-registry.js';

const LOOK_MS = 250;
/** A worker that restarts while it is waited for is back within this time. */
const ABSENCE_MS = 60_000;

/** No worker can have the image of a runtime. The message is for who made the function. */
export class ImageUnavailable extends Error {}

/**
 * Resolves when a worker has the image of `runtime`, asking them all to get it if none has. Without any worker there is nothing to wait
 * for: it resolves, and invocations will tell.
 * @param onProgress told of each change
 * @throws ImageUnavailable when all workers have failed
 */
export async function ensureImage(registry: ImageRegistry, runtime: string, signal: AbortSignal, onProgress?: (images: readonly WorkerImage[]) => void): Promise<void> {
  let asked = false;
  let absentSince: number | undefined;
  for (let told = ''; !signal.aborted; ) {
    const images = await registry.list(runtime);
    if (images.some(({ state }) => state === 'present')) return;
    if (images.length === 0) {
      if (!asked && absentSince === undefined) return;
      absentSince ??= performance.now();
      if (performance.now() - absentSince > ABSENCE_MS) return;
      asked = false;
    } else if (!asked) {
      await registry.request(runtime);
      asked = true;
    } else if (images.every(({ state }) => state === 'failed')) {
      throw new ImageUnavailable(images[0]!.detail);
    }
    const text = JSON.stringify(images);
    if (text !== told) onProgress?.(images);
    told = text;
    await pause(LOOK_MS, signal);
  }
  throw signal.reason;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}
