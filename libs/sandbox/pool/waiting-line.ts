import { InfrastructureError, Throttled } from '@hearth/kernel';
import type { InvocationOutcome, InvocationRequest } from '../function-spec.js';
import type { Sandbox } from './sandbox.js';

type Place = Sandbox | InvocationOutcome;

export interface Waiter {
  readonly request: InvocationRequest;
  /** Ends the wait; the waiter is in the line no more. */
  readonly settle: (place: Place | Promise<Place>) => void;
  readonly fail: (error: Error) => void;
}

export interface Patience {
  /** In ms: no longer, whatever it waits for. */
  queueMs: number;
  /** In ms: no longer for room. */
  roomMs: number;
  /** Looks again whether something can be done for those who wait. @returns whether the request waits for room */
  lacksRoom(request: InvocationRequest): boolean;
}

/** The machine's memory may become free without anybody telling. */
const LOOK_AGAIN_MS = 500;

/** Invocations without a sandbox, first come first served. */
export class WaitingLine {
  private readonly waiters = new Set<Waiter>();
  private readonly byKey = new Map<string, Set<Waiter>>();

  get length(): number {
    return this.waiters.size;
  }

  /** In order. May be changed while it is walked. */
  all(): Iterable<Waiter> {
    return this.waiters;
  }

  /** The one that waits longest for a sandbox with this key. */
  first(key: string): Waiter | undefined {
    return this.byKey.get(key)?.values().next().value;
  }

  /**
   * @throws InfrastructureError when the signal aborts or the time passes before it is served
   * @throws ServiceError TooManyRequestsException when there is no room for too long
   */
  join(request: InvocationRequest, patience: Patience, signal?: AbortSignal): Promise<Place> {
    const keys = request.provisionedKey === undefined ? [request.spec.sandboxKey] : [request.provisionedKey, request.spec.sandboxKey];
    return new Promise((resolve, reject) => {
      const giveUp = (why: string): void => this.fail(waiter, new InfrastructureError(why));
      const aborted = (): void => giveUp(`The wait for a sandbox of ${request.spec.functionName} was ended by its caller`);
      const { queueMs, roomMs } = patience;
      const since = performance.now();
      let roomLackedSince: number | undefined;
      const look = (): void => {
        const lacksRoom = patience.lacksRoom(request);
        if (!this.waiters.has(waiter)) return; // Served meanwhile.
        const now = performance.now();
        if (now - since >= queueMs) return giveUp(`No sandbox for ${request.spec.functionName} became free within ${queueMs} ms`);
        roomLackedSince = lacksRoom ? (roomLackedSince ?? now) : undefined;
        if (roomLackedSince !== undefined && now - roomLackedSince >= roomMs) return this.fail(waiter, new Throttled('ConcurrentInvocationLimitExceeded'));
        timer = setTimeout(look, Math.max(1, Math.min(LOOK_AGAIN_MS, queueMs - (now - since), roomMs)));
      };
      let timer = setTimeout(look, Math.min(LOOK_AGAIN_MS, queueMs, roomMs));
      const leave = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', aborted);
        this.waiters.delete(waiter);
        for (const key of keys) {
          const same = this.byKey.get(key);
          same?.delete(waiter);
          if (same?.size === 0) this.byKey.delete(key);
        }
      };
      const waiter: Waiter = {
        request,
        settle: (place) => {
          leave();
          resolve(place);
        },
        fail: (error) => {
          leave();
          reject(error);
        },
      };
      this.waiters.add(waiter);
      for (const key of keys) {
        const same = this.byKey.get(key);
        if (same) same.add(waiter);
        else this.byKey.set(key, new Set([waiter]));
      }
      signal?.addEventListener('abort', aborted, { once: true });
      if (signal?.aborted) aborted();
    });
  }

  serve(waiter: Waiter, place: Place | Promise<Place>): void {
    waiter.settle(place);
  }

  fail(waiter: Waiter, error: Error): void {
    if (this.waiters.has(waiter)) waiter.fail(error);
  }
}
