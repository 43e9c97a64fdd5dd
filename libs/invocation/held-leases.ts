import type { Logger } from '@hearth/queue';
import type { ClaimedEvent, EventStore } from './event-store.js';

/** Why an attempt is aborted. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

type Lease = Pick<ClaimedEvent, 'id' | 'fencingToken'>;

/**
 * Renews the leases of everything that runs here, together, three times per lease. A claim that turns out to be lost is
 * aborted: somebody else runs the event. A renewal that fails changes nothing: the work goes on and its result is fenced anyway.
 */
export class HeldLeases {
  readonly #held = new Map<string, { lease: Lease; abort: AbortController }>();
  readonly #timer: NodeJS.Timeout;
  #renewing = false;

  constructor(
    private readonly store: EventStore,
    leaseMs: number,
    private readonly logger: Logger,
  ) {
    this.#timer = setInterval(() => void this.#renew(), leaseMs / 3);
    this.#timer.unref();
  }

  /** @returns aborted when the lease is lost or `abortAll` is called */
  hold(claim: Lease): AbortSignal {
    const abort = new AbortController();
    this.#held.set(claim.id, { lease: claim, abort });
    return abort.signal;
  }

  drop(claim: Lease): void {
    this.#held.delete(claim.id);
  }

  get size(): number {
    return this.#held.size;
  }

  abortAll(reason: Error): void {
    for (const { abort } of this.#held.values()) abort.abort(reason);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #renew(): Promise<void> {
    if (this.#renewing || this.#held.size === 0) return;
    this.#renewing = true;
    const asked = [...this.#held.values()];
    try {
      const kept = await this.store.renew(asked.map(({ lease }) => lease));
      for (const entry of asked) {
        if (!kept.has(entry.lease.id) && this.#held.get(entry.lease.id) === entry) entry.abort.abort(new LeaseLost(`the lease of event ${entry.lease.id} was lost`));
      }
    } catch (error) {
      this.logger.warn({ err: error, events: asked.length }, 'leases could not be renewed');
    } finally {
      this.#renewing = false;
    }
  }
}
