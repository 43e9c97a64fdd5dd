import type { Clock } from '@hearth/kernel';
import type { FunctionSpec } from '../function-spec.js';
import type { HeldSandboxes, ProvisionedUse, ProvisionFailure, ProvisionOrder } from '../provision.js';
import type { Sandbox } from './sandbox.js';
import type { SandboxState } from './sandbox-state.js';

const FIRST_RETRY_MS = 1_000;
const MAX_RETRY_MS = 300_000;

/** A sandbox whose credentials end within this time is replaced while it can still serve. */
const RENEW_BEFORE_MS = 3_600_000;

/** What this asks of the pool that the sandboxes are in. */
export interface ProvisioningPool {
  readonly sandboxes: ReadonlySet<Sandbox>;
  readonly clock: Clock;
  /** Whether a sandbox may be started now; makes room for it. */
  mayStart(spec: FunctionSpec): boolean;
  /** @param ended called when it is ready or has failed, before another is started */
  start(spec: FunctionSpec, key: string, ended: (failure?: ProvisionFailure) => void): void;
  end(sandbox: Sandbox): void;
  /** Calls `settle` again when it is free to. */
  pump(): void;
}

interface Standing extends ProvisionOrder {
  /** Failures in a row. */
  failures: number;
  failure?: ProvisionFailure;
  /** Epoch ms. */
  retryAt: number;
}

/** Whom a smaller order costs its place first. */
const DISMISSED: readonly SandboxState[] = ['idle', 'creating', 'initialising', 'busy'];

/**
 * Sandboxes that are held ready because somebody ordered them, whether they are used or not.
 *
 * 1. They neither expire nor make room for others. A busy one that is not wanted any more ends after its invocation.
 * 2. One whose credentials end soon makes way for a new one, one at a time and only while all others are ready.
 * 3. What ends by itself is replaced; what fails to start is tried again later and later.
 */
export class ProvisionedSandboxes {
  private orders = new Map<string, Standing>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly pool: ProvisioningPool) {}

  /** All orders of this worker; what is not among them is not held any longer. */
  replace(orders: readonly ProvisionOrder[]): void {
    this.orders = new Map(orders.map((order) => [order.key, { failures: 0, retryAt: 0, ...this.orders.get(order.key), ...order }]));
    this.settle(true);
    this.pool.pump();
  }

  /** Ends what is too much and, with `mayStart`, starts what is missing. */
  settle(endOnly = false): void {
    if (this.orders.size === 0 && !endOnly) return;
    const kept = this.byKey();
    for (const [key, sandboxes] of kept) this.dismiss(sandboxes, sandboxes.length - (this.orders.get(key)?.count ?? 0));
    if (endOnly) return;
    for (const order of this.orders.values()) {
      if (order.retryAt > this.pool.clock.now()) continue;
      for (let alive = kept.get(order.key)?.length ?? 0; alive < order.count; alive++) {
        if (!this.pool.mayStart(order.spec)) return;
        this.bring(order);
      }
    }
  }

  /** From time to time. */
  renew(): void {
    const soon = this.pool.clock.now() + RENEW_BEFORE_MS;
    for (const [key, sandboxes] of this.byKey()) {
      if (sandboxes.length < (this.orders.get(key)?.count ?? 0) || sandboxes.some(({ state }) => state === 'creating' || state === 'initialising')) continue;
      const [ending] = sandboxes.filter(({ state, usableUntil }) => state === 'idle' && usableUntil <= soon);
      if (ending !== undefined) this.dismiss([ending], 1);
    }
  }

  /** One ended while nobody used it. */
  lost(sandbox: Sandbox): void {
    const order = this.orders.get(sandbox.key);
    if (order !== undefined && !sandbox.hasServed) this.retryLater(order);
  }

  report(): HeldSandboxes[] {
    const kept = this.byKey();
    return [...this.orders.values()].map(({ key, count, failure }) => {
      const sandboxes = kept.get(key) ?? [];
      const ready = sandboxes.filter(({ state }) => state === 'idle' || state === 'busy').length;
      return { key, count, ready, starting: sandboxes.length - ready, ...(failure === undefined ? {} : { failure }) };
    });
  }

  use(): ProvisionedUse[] {
    const kept = this.byKey();
    return [...this.orders.values()].map(({ key, qualifier, spec: { accountId, functionName } }) => {
      const states = (kept.get(key) ?? []).map(({ state }) => state).filter((state) => state === 'idle' || state === 'busy');
      return { accountId, functionName, qualifier, ready: states.length, busy: states.filter((state) => state === 'busy').length };
    });
  }

  stop(): void {
    this.orders.clear();
    clearTimeout(this.timer);
  }

  private byKey(): Map<string, Sandbox[]> {
    const found = new Map<string, Sandbox[]>();
    for (const sandbox of this.pool.sandboxes) {
      if (!sandbox.provisioned || sandbox.retired || sandbox.state === 'draining' || sandbox.state === 'gone') continue;
      const same = found.get(sandbox.key);
      if (same) same.push(sandbox);
      else found.set(sandbox.key, [sandbox]);
    }
    return found;
  }

  private dismiss(sandboxes: readonly Sandbox[], surplus: number): void {
    if (surplus <= 0) return;
    const order = [...sandboxes].sort((a, b) => DISMISSED.indexOf(a.state) - DISMISSED.indexOf(b.state));
    for (const sandbox of order.slice(0, surplus)) {
      sandbox.retired = true;
      if (sandbox.state !== 'busy') this.pool.end(sandbox);
    }
  }

  private bring({ spec, key }: Standing): void {
    this.pool.start(spec, key, (failure) => {
      const order = this.orders.get(key);
      if (order === undefined) return;
      order.failure = failure;
      if (failure === undefined) order.failures = 0;
      else this.retryLater(order);
    });
  }

  /** Several that fail together count once. */
  private retryLater(order: Standing): void {
    const now = this.pool.clock.now();
    if (order.retryAt > now) return;
    order.failures += 1;
    order.retryAt = now + Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** (order.failures - 1));
    this.wakeLater(now);
  }

  /** When the next order that failed may be tried again. */
  private wakeLater(now: number): void {
    clearTimeout(this.timer);
    const next = Math.min(...[...this.orders.values()].map(({ retryAt }) => retryAt).filter((retryAt) => retryAt > now));
    if (next === Infinity) return;
    this.timer = setTimeout(() => {
      this.wakeLater(this.pool.clock.now());
      this.pool.pump();
    }, next - now + 1);
    this.timer.unref();
  }
}
