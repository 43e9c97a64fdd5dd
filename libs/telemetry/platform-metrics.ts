/** Upper bounds in seconds, from a warm call (under 1 ms) to Lambda's longest. */
export const DURATION_BOUNDS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900] as const;
export const AGE_BOUNDS_S = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 300, 900, 3600, 21_600] as const;

/** Functions beyond this count share one series per account, so that no tenant can fill the scraper's memory. */
const MAX_FUNCTION_SERIES = 10_000;
const OTHER = '(other)';

export type SandboxState = 'creating' | 'initialising' | 'idle' | 'busy' | 'draining';

/** Plain numbers of one function; read at scrape time. */
export interface FunctionCounts {
  accountId: string;
  functionName: string;
  invocations: { sync: number; event: number };
  errors: { error: number; timeout: number };
  coldStarts: number;
  /** Invocations of what is provisioned: in a provisioned sandbox, and in another because those were busy or not ready. */
  provisioned: { provisioned: number; spillover: number };
  throttles: number;
  eventsReceived: number;
  eventsDropped: Map<string, number>;
  /** Lines of its log that its role does not allow to be stored. */
  logLinesDenied: number;
}

/** Provisioned sandboxes of a version or an alias on this machine; read at scrape time. */
export interface ProvisionedUse {
  accountId: string;
  functionName: string;
  qualifier: string;
  ready: number;
  busy: number;
}

export class PlainHistogram {
  readonly counts: number[];
  sum = 0;
  count = 0;

  constructor(readonly bounds: readonly number[]) {
    this.counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  record(value: number): void {
    let index = 0;
    while (index < this.bounds.length && value > (this.bounds[index] as number)) index++;
    this.counts[index] = (this.counts[index] as number) + 1;
    this.sum += value;
    this.count++;
  }
}

/**
 * What the platform counts. Every method is a map look-up and an addition: instruments of a metrics library are not called
 * per request; exporters read these numbers when they collect.
 */
export class PlatformMetrics {
  readonly functions = new Map<string, Map<string, FunctionCounts>>();
  readonly duration = { sync: new PlainHistogram(DURATION_BOUNDS_S), event: new PlainHistogram(DURATION_BOUNDS_S) };
  readonly eventAge = new PlainHistogram(AGE_BOUNDS_S);
  /** Operation name to HTTP status to count. */
  readonly httpRequests = new Map<string, Map<number, number>>();
  private series = 0;
  private provisioned: () => readonly ProvisionedUse[] = () => [];
  private sandboxes: (() => Readonly<Partial<Record<SandboxState, number>>>) | undefined;

  /**
   * An invocation that reached a sandbox and ended there.
   * @param wantsProvisioned sandboxes are provisioned for what was invoked
   */
  invocation(
    accountId: string,
    functionName: string,
    type: 'sync' | 'event',
    outcome: { status: 'success' | 'error' | 'timeout'; coldStart: boolean; durationMs: number; provisioned?: boolean },
    wantsProvisioned = false,
  ): void {
    const counts = this.of(accountId, functionName);
    counts.invocations[type]++;
    if (outcome.status !== 'success') counts.errors[outcome.status]++;
    if (outcome.coldStart) counts.coldStarts++;
    if (wantsProvisioned) counts.provisioned[outcome.provisioned ? 'provisioned' : 'spillover']++;
    this.duration[type].record(outcome.durationMs / 1000);
  }

  throttle(accountId: string, functionName: string): void {
    this.of(accountId, functionName).throttles++;
  }

  /** An event was committed and is about to be answered 202. */
  eventReceived(accountId: string, functionName: string): void {
    this.of(accountId, functionName).eventsReceived++;
  }

  /** An event ended without success. @param condition for instance `RetriesExhausted`, `EventAgeExceeded` */
  eventDropped(accountId: string, functionName: string, condition: string): void {
    const dropped = this.of(accountId, functionName).eventsDropped;
    dropped.set(condition, (dropped.get(condition) ?? 0) + 1);
  }

  logLinesDenied(accountId: string, functionName: string, lines: number): void {
    this.of(accountId, functionName).logLinesDenied += lines;
  }

  /** How long an event had waited when it was handed to a sandbox. */
  eventStarted(ageMs: number): void {
    this.eventAge.record(Math.max(0, ageMs) / 1000);
  }

  httpRequest(operation: string, status: number): void {
    let statuses = this.httpRequests.get(operation);
    if (statuses === undefined) this.httpRequests.set(operation, (statuses = new Map()));
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }

  /** Where the number of sandboxes by state is read from when somebody collects. */
  observeSandboxes(read: () => Readonly<Partial<Record<SandboxState, number>>>): void {
    this.sandboxes = read;
  }

  /** The same for provisioned sandboxes. */
  observeProvisioned(read: () => readonly ProvisionedUse[]): void {
    this.provisioned = read;
  }

  provisionedUse(): readonly ProvisionedUse[] {
    return this.provisioned();
  }

  sandboxCounts(): Readonly<Partial<Record<SandboxState, number>>> {
    return this.sandboxes?.() ?? {};
  }

  /** Drops a deleted function's series. */
  forget(accountId: string, functionName: string): void {
    if (this.functions.get(accountId)?.delete(functionName)) this.series--;
  }

  private of(accountId: string, functionName: string): FunctionCounts {
    let account = this.functions.get(accountId);
    if (account === undefined) this.functions.set(accountId, (account = new Map()));
    const found = account.get(functionName);
    if (found !== undefined) return found;
    if (this.series >= MAX_FUNCTION_SERIES && functionName !== OTHER) return this.of(accountId, OTHER);
    this.series++;
    const counts: FunctionCounts = {
      accountId,
      functionName,
      invocations: { sync: 0, event: 0 },
      errors: { error: 0, timeout: 0 },
      coldStarts: 0,
      provisioned: { provisioned: 0, spillover: 0 },
      throttles: 0,
      eventsReceived: 0,
      eventsDropped: new Map(),
      logLinesDenied: 0,
    };
    account.set(functionName, counts);
    return counts;
  }
}
