import { setTimeout as pause } from 'node:timers/promises';
import { InfrastructureError, throttleReason } from '@hearth/kernel';
import type { Logger, QueueConnection } from '@hearth/queue';
import type { ImageHost, InvocationOutcome, InvocationRequest, PinnedImage, ProvisionOrder } from '@hearth/sandbox';
import type { Fleet } from './fleet.js';
import { requireFleetSecret } from './fleet-signature.js';
import { locateOnAny } from './image-request.js';
import { place } from './placement.js';
import type { Provisioner, SandboxHost } from './provisioner.js';
import { WarmRecord } from './warm-record.js';
import { NotStarted, WorkerClient } from './worker-client.js';
import { WorkerDirectory, type WorkerAnnouncement } from './worker-directory.js';

export interface RemoteFleetOptions {
  queue: QueueConnection;
  /** HEARTH_FLEET_SECRET; required. */
  secret: string | undefined;
  /** HEARTH_WORKER_URLS: used beside the registered workers. */
  workerUrls?: readonly string[];
  /** HEARTH_SANDBOX_IDLE_MS of the workers: how long a sandbox stays warm. */
  sandboxIdleMs?: number;
  /** How long an invocation waits for a first worker to register: at start, or while the only one is replaced. Default 10 s. */
  workerWaitMs?: number;
  logger: Logger;
}

const DEFAULT_WORKER_WAIT_MS = 10_000;
const LOOK_AGAIN_MS = 100;

/** A worker that could not be reached comes last for this long. */
const SUSPECT_MS = 3_000;
/** Workers tried for one invocation. */
const MAX_TRIES = 3;

/**
 * Many machines: invocations go to the workers that registered in Redis. Invariants:
 * 1. Another worker is tried only when it is certain that the function did not start (NotStarted, or one other after a worker that has no room).
 * 2. Everything else that goes wrong on the way is an InfrastructureError: the caller decides whether to run it again.
 * 3. An invocation on a worker that is gone ends: a host without power closes no connections.
 */
export class RemoteFleet implements Fleet, Provisioner, ImageHost {
  readonly #client: WorkerClient;
  readonly #directory: WorkerDirectory;
  readonly #warm: WarmRecord;
  readonly #suspectUntil = new Map<string, number>();
  /** As each worker told it last. */
  readonly #hosts = new Map<string, SandboxHost>();
  /** Invocations under way on registered workers. */
  readonly #underWay = new Map<string, { url: string; aborts: Set<AbortController> }>();

  /** @throws OperatorError without a secret */
  constructor(private readonly options: RemoteFleetOptions) {
    this.#client = new WorkerClient(requireFleetSecret(options.secret));
    this.#warm = new WarmRecord(options.sandboxIdleMs ?? 600_000);
    this.#directory = new WorkerDirectory(options.queue, options.workerUrls ?? [], options.logger, (registered) => this.#endLost(registered));
  }

  async start(): Promise<void> {
    this.#directory.start();
    await this.#directory.refresh();
  }

  stop(): void {
    this.#directory.stop();
    this.#client.close();
  }

  async invoke(request: InvocationRequest, signal?: AbortSignal): Promise<InvocationOutcome> {
    const { sandboxKey } = request.spec;
    if (this.#directory.workers().length === 0) await this.#firstWorker(signal);
    const candidates = this.#candidates(request);
    let refusal: NotStarted | undefined;
    let full: unknown;
    for (const { worker, provisionedFree } of candidates.slice(0, MAX_TRIES)) {
      try {
        return await this.#invokeOn(worker, request, provisionedFree > 0 ? request.provisionedKey! : sandboxKey, signal);
      } catch (error) {
        const noRoom = throttleReason(error) === 'ConcurrentInvocationLimitExceeded';
        if (noRoom) this.#suspectUntil.set(worker.id, performance.now() + SUSPECT_MS);
        // It waited once already; a second wait is enough.
        if (noRoom && full === undefined) {
          full = error;
          continue;
        }
        if (!(error instanceof NotStarted)) throw error;
        refusal = error;
        this.#suspectUntil.set(worker.id, performance.now() + SUSPECT_MS);
        this.options.logger.warn({ worker: worker.url, reason: error.message }, 'a worker could not take an invocation');
      }
    }
    if (full !== undefined) throw full;
    throw new InfrastructureError(`no worker could take the invocation: ${refusal?.message ?? ''}`, { cause: refusal });
  }

  /** @throws InfrastructureError when none comes in time, or the signal ended the wait */
  async #firstWorker(signal?: AbortSignal): Promise<void> {
    const deadline = performance.now() + (this.options.workerWaitMs ?? DEFAULT_WORKER_WAIT_MS);
    for (;;) {
      await this.#directory.refresh();
      if (this.#directory.workers().length > 0) return;
      if (performance.now() >= deadline) throw new InfrastructureError('no worker is registered');
      await pause(LOOK_AGAIN_MS, undefined, { signal }).catch((error: unknown) => {
        throw new InfrastructureError('no worker is registered', { cause: error });
      });
    }
  }

  #candidates({ spec: { sandboxKey, runtime }, provisionedKey }: InvocationRequest): { worker: WorkerAnnouncement; provisionedFree: number }[] {
    const now = performance.now();
    const known = this.#directory.workers().map((worker) => ({
      worker,
      id: worker.id,
      capacity: Math.max(1, worker.capacity),
      running: Math.max(worker.running, this.#warm.runningOn(worker.id)),
      warmFree: this.#warm.warmFree(worker.id, sandboxKey) ?? (worker.warmKeys.includes(sandboxKey) ? 1 : 0),
      provisionedFree: provisionedKey === undefined ? 0 : (worker.provisioned?.[provisionedKey] ?? 0) - this.#warm.running(worker.id, provisionedKey),
      last: (this.#suspectUntil.get(worker.id) ?? 0) > now || worker.missingRuntimes?.includes(runtime) === true,
    }));
    const placed = place(known, sandboxKey);
    return [...placed.filter(({ last }) => !last), ...placed.filter(({ last }) => last)];
  }

  /** @param key under which its sandbox is remembered as in use */
  async #invokeOn(worker: WorkerAnnouncement, request: InvocationRequest, key: string, signal?: AbortSignal): Promise<InvocationOutcome> {
    const lost = new AbortController();
    const entry = this.#underWay.get(worker.id) ?? { url: worker.url, aborts: new Set() };
    this.#underWay.set(worker.id, entry);
    entry.aborts.add(lost);
    this.#warm.started(worker.id, key);
    let survived = false;
    try {
      const outcome = await this.#client.invoke(worker.url, request, signal === undefined ? lost.signal : AbortSignal.any([signal, lost.signal]));
      survived = outcome.status !== 'timeout';
      return outcome;
    } finally {
      this.#warm.ended(worker.id, key, survived);
      entry.aborts.delete(lost);
      if (entry.aborts.size === 0) this.#underWay.delete(worker.id);
    }
  }

  async hosts(): Promise<SandboxHost[]> {
    await this.#directory.refresh();
    const workers = this.#directory.workers();
    const found = await Promise.all(workers.map((worker) => this.#host(worker, undefined).catch(() => this.#hosts.get(worker.id)))); // Not answering: told as it was last.
    const known = new Set(workers.map(({ id }) => id));
    for (const id of this.#hosts.keys()) if (!known.has(id)) this.#hosts.delete(id);
    return found.filter((host) => host !== undefined);
  }

  async provision(hostId: string, orders: readonly ProvisionOrder[]): Promise<SandboxHost> {
    const worker = this.#directory.workers().find(({ id }) => id === hostId);
    if (worker === undefined) throw new InfrastructureError(`worker ${hostId} is not registered any more`);
    return this.#host(worker, orders);
  }

  async locateImage(uri: string): Promise<PinnedImage> {
    if (this.#directory.workers().length === 0) await this.#firstWorker();
    return await locateOnAny(this.#directory.workers().map(({ url }) => async () => (await this.#client.image(url, { locate: uri })) as unknown as PinnedImage));
  }

  /** On every worker: whichever an invocation is placed on has it. One that cannot be reached fetches it when it needs it. */
  async fetchImage(image: PinnedImage, architecture: 'x86_64' | 'arm64'): Promise<void> {
    await this.#directory.refresh();
    const workers = this.#directory.workers();
    const unreachable: NotStarted[] = [];
    await Promise.all(
      workers.map(({ url }) =>
        this.#client.image(url, { fetch: image, architecture }).catch((error: unknown) => {
          if (!(error instanceof NotStarted)) throw error;
          unreachable.push(error);
          this.options.logger.warn({ worker: url, image: image.uri, reason: error.message }, 'a worker could not be told to fetch an image');
        }),
      ),
    );
    if (unreachable.length === workers.length) throw new InfrastructureError(`no worker could fetch the image ${image.uri}: ${unreachable[0]?.message ?? 'none is registered'}`);
  }

  async #host({ id, url }: WorkerAnnouncement, orders: readonly ProvisionOrder[] | undefined): Promise<SandboxHost> {
    const host = { id, ...(await this.#client.provision(url, orders)) };
    this.#hosts.set(id, host);
    return host;
  }

  /** A worker that is no longer registered and does not answer either is gone, and with it what ran there. */
  #endLost(registered: readonly WorkerAnnouncement[]): void {
    const alive = new Set(registered.map((worker) => worker.id));
    for (const [id, { url, aborts }] of this.#underWay) {
      if (alive.has(id) || id === url) continue;
      void this.#client.answers(url).then((answers) => {
        if (answers) return;
        this.options.logger.error({ worker: url, invocations: aborts.size }, 'a worker is gone; its invocations are given up');
        this.#warm.forgetWorker(id);
        for (const abort of aborts) abort.abort();
      });
    }
  }
}
