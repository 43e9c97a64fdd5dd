/**
 * The asynchronous half of a create or update: makes the version ready, then declares it so.
 *
 * Invariants:
 * 1. The database alone says what is unfinished; a process that dies leaves work that `resume` of any process takes up.
 * 2. Two processes may prepare the same version; `store.finish` lets the first one end it and ignores the other.
 */
import { randomUUID } from 'node:crypto';
import { ServiceError } from '@hearth/kernel';
import type { PinnedImage } from './function-record.js';
import { broken, isUnfinished, ready } from './function-state.js';
import { isImageFault } from './image-source.js';
import type { CatalogueStore, FoundVersion } from './store.js';

export interface PreparedVersion {
  accountId: string;
  region: string;
  functionName: string;
  version: string;
  runtime: string;
  architecture: 'x86_64' | 'arm64';
  codeDigest: string;
  /** null: the code is an archive. */
  image: PinnedImage | null;
}

/**
 * Does what must be done before a version can be invoked. May run more than once for the same version.
 * @param signal aborts when the process ends; the step is then left to the next start
 * @throws ServiceError when the version itself is at fault, PreparationFailure when what it needs is (it becomes Failed); anything else is
 *   tried again
 */
export type Prepare = (version: PreparedVersion, signal: AbortSignal) => Promise<void>;

/** What a version needs cannot be had, and trying again would not help: the version is Failed with this code. */
export class PreparationFailure extends Error {
  /** @param code of the model's StateReasonCode and LastUpdateStatusReasonCode */
  constructor(
    readonly code: string,
    reason: string,
  ) {
    super(reason);
  }
}

/** Waits between the tries of a preparation that failed for reasons of the platform, in ms; then the version is Failed. */
const RETRY_DELAYS_MS = [100, 500, 2_000, 5_000];
const RESUME_BATCH = 200;
/** How long those who resume wait: a version may have to wait for the image of its runtime. */
const RESUME_MS = 10_000;

export class Preparations {
  private readonly running = new Map<string, Promise<void>>();
  /** Keys of those that get an image. */
  private readonly downloading = new Set<string>();
  private readonly stopped = new AbortController();
  private readonly untilStopped = new Promise<'stopped'>((resolve) => this.stopped.signal.addEventListener('abort', () => resolve('stopped'), { once: true }));

  constructor(
    private readonly store: CatalogueStore,
    private readonly prepare: Prepare,
    private readonly onError: (error: unknown, doing: string) => void,
  ) {}

  /** Begins the step for a version just written; returns at once. */
  begin({ owner, record }: FoundVersion): void {
    const key = `${record.functionId} ${record.version} ${record.revisionId}`;
    if (!isUnfinished(record) || this.running.has(key) || this.stopped.signal.aborted) return;
    const work = this.run({ owner, record })
      .catch((error: unknown) => this.onError(error, `preparing ${owner.name}:${record.version}`)) // Left unfinished: the next resume tries again.
      .finally(() => {
        this.running.delete(key);
        this.downloading.delete(key);
      });
    this.running.set(key, work);
    if (record.image !== null) this.downloading.add(key);
  }

  /** Takes up what is unfinished and not already under way here. Resolves when it has been tried, or after a while: images may take half an hour. */
  async resume(): Promise<void> {
    for (const found of await this.store.unfinished(RESUME_BATCH)) this.begin(found);
    const patience = new AbortController();
    const quick = [...this.running].filter(([key]) => !this.downloading.has(key)).map(([, work]) => work);
    await Promise.race([Promise.all(quick), pause(RESUME_MS, patience.signal)]);
    patience.abort();
  }

  /** Lets running steps end or stand still where the next start finds them. */
  async stop(): Promise<void> {
    this.stopped.abort();
    await Promise.all(this.running.values());
  }

  private async run(found: FoundVersion): Promise<void> {
    const { record } = found;
    const failure = await this.tryPrepare(found);
    if (failure === 'stopped') return;
    const ended = failure === undefined ? { ...record, ...ready(), serving: null, servingRevision: randomUUID() } : { ...record, ...broken(record, failure.code, failure.reason) };
    await this.store.finish({ ...ended, revisionId: randomUUID() }, record.revisionId);
  }

  private async tryPrepare({ owner, record }: FoundVersion): Promise<'stopped' | { code: string; reason: string } | undefined> {
    const { runtime, architecture, codeDigest, image, version } = record;
    for (const delay of [...RETRY_DELAYS_MS, undefined]) {
      try {
        const prepared = this.prepare({ accountId: owner.accountId, region: owner.region, functionName: owner.name, version, runtime, architecture, codeDigest, image }, this.stopped.signal);
        // A preparation that ignores the signal does not keep the process from ending.
        return (await Promise.race([prepared, this.untilStopped])) ?? undefined;
      } catch (error) {
        this.onError(error, `preparing ${owner.name}:${version}`);
        if (error instanceof PreparationFailure) return { code: error.code, reason: error.message };
        if (error instanceof ServiceError) return { code: isImageFault(error) ? error.code : 'InvalidZipFileException', reason: error.message };
        if (delay === undefined) break;
        if (!(await pause(delay, this.stopped.signal))) return 'stopped';
      }
    }
    return { code: 'InternalError', reason: 'The function could not be prepared.' };
  }
}

/** @returns false when interrupted */
function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(false);
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', interrupt);
      resolve(true);
    }, ms);
    const interrupt = () => {
      clearTimeout(timer);
      resolve(false);
    };
    signal.addEventListener('abort', interrupt, { once: true });
  });
}
