import { InfrastructureError, ServiceError, systemClock, Throttled } from '@hearth/kernel';
import { EMBER_MEMORY_MB, type Ember } from '../ember.js';
import type { FunctionSpec, InvocationOutcome, InvocationRequest } from '../function-spec.js';
import type { ProvisionedUse, ProvisionFailure, ProvisionOrder, ProvisionReport } from '../provision.js';
import type { InitPhase } from '../logs/platform-log.js';
import type { OrphanReport } from '../sandbox-driver.js';
import { BriefWaits, type BriefWaitsOptions } from './brief-waits.js';
import { Embers, type EmberSettings } from './embers.js';
import { Capacity, type PoolLimits } from './capacity.js';
import { IdleFreezer } from './idle-freezer.js';
import { Rhythms } from './keep-alive.js';
import { ProvisionedSandboxes } from './provisioned-sandboxes.js';
import { ScalingRate } from './scaling-rate.js';
import { Sandbox, type Begun, type SandboxMaker } from './sandbox.js';
import type { SandboxState } from './sandbox-state.js';
import { WaitingLine, type Waiter } from './waiting-line.js';

/** On-demand init (runtime-api.md section 4). */
const INIT_LIMIT_MS = 10_000;
const PROVISIONED_INIT_LIMIT_MS = 900_000;
/** A runtime that went away between two invocations is replaced; one that always does is not worth more tries. */
const MAX_DELIVERIES = 5;
const SWEEPS_PER_IDLE_TIME = 4;
const MAX_SWEEP_MS = 10_000;

export interface SandboxPoolOptions extends Omit<SandboxMaker, 'clock'> {
  limits: PoolLimits;
  /** Sandboxes started ahead; absent: none. */
  embers?: EmberSettings;
  clock?: SandboxMaker['clock'];
  /** When events go to sandboxes in use; tests force it. */
  briefWaits?: BriefWaitsOptions;
  /** MB that the machine has left; absent: only the limits count. */
  availableMemoryMb?: () => number | undefined;
  /** One sentence for the operator's log. */
  report(message: string): void;
}

export interface PoolStats {
  states: Record<Exclude<SandboxState, 'gone'>, number>;
  waiting: number;
  memoryMb: number;
  /** Since the start: sandboxes opened, invocations served by a warm one, those of them sent ahead of their turn, evictions, sandboxes that ended by themselves while idle. */
  started: number;
  warm: number;
  ahead: number;
  evicted: number;
  expired: number;
  lost: number;
  /** Sandboxes that began as embers. */
  fromEmbers: number;
  /** Of the idle ones. */
  frozen: number;
  /** Embers that wait, and those on their way. */
  embers: { ready: number; kindling: number };
}

/**
 * Sandboxes by function version.
 *
 * 1. A sandbox serves one key and one invocation at a time; only the pool moves it between states.
 * 2. A warm sandbox is taken last in, first out, so that the ones not needed expire.
 * 3. An invocation that waits takes the first sandbox of its key that becomes ready, whoever caused it to be started.
 * 4. Waiting is first come, first served over all keys; the head of the line is never passed by for lack of room.
 * 5. Nothing that destroys a sandbox is on an answer's path.
 * 6. A sandbox begins no invocation during which its credentials might expire: a new one is made instead.
 * 7. While the machine has no CPU to spare, an event may be sent ahead to a sandbox in use, or wait for one, though others are idle: brief-waits.ts.
 * 8. Embers are used before anything is started, give way to everything else, and are made only while nobody waits: embers.ts.
 * 9. An idle sandbox is frozen, and thawed before it is given an event or ended: idle-freezer.ts.
 * 10. Provisioned sandboxes serve the invocations that name their key; such invocations take those of their version when none is free.
 * 11. Room is made, not assumed: what does not fit waits briefly, then is throttled (decision 0038). So is what would start faster than a function may.
 */
export class SandboxPool {
  private readonly maker: SandboxMaker;
  private readonly sandboxes = new Set<Sandbox>();
  private readonly idle = new Map<string, Sandbox[]>();
  private readonly line = new WaitingLine();
  private readonly brief: BriefWaits<Sandbox>;
  /** Sandboxes that will be free at the end of this turn of the event loop, by key. */
  private readonly soon = new Map<string, number>();
  /** Sandboxes on their way, by key. */
  private readonly coming = new Map<string, number>();
  private readonly capacity: Capacity;
  private readonly scaling: ScalingRate;
  private readonly provisioned: ProvisionedSandboxes;
  private readonly embers: Embers;
  private readonly freezer: IdleFreezer;
  private readonly rhythms = new Rhythms();
  private readonly counters = { started: 0, warm: 0, ahead: 0, evicted: 0, expired: 0, lost: 0, fromEmbers: 0 };
  private opening = 0;
  private sweeper: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(private readonly options: SandboxPoolOptions) {
    this.maker = { ...options, clock: options.clock ?? systemClock };
    this.freezer = new IdleFreezer(options.limits.freezeAfterMs, () => this.maker.clock.now());
    this.embers = new Embers({
      maker: options.driver.embers,
      settings: options.embers,
      maxSandboxes: options.limits.maxSandboxes,
      clock: this.maker.clock,
      quiet: () => this.line.length === 0 && this.opening === 0,
      fits: () => this.capacity.fits({ memoryMb: EMBER_MEMORY_MB }),
      gone: () => this.pump(),
      report: options.report,
    });
    this.capacity = new Capacity(options.limits, this.sandboxes, this.embers, options.availableMemoryMb);
    this.scaling = new ScalingRate(options.limits.scalingBurst);
    this.brief = new BriefWaits(options.briefWaits);
    this.provisioned = new ProvisionedSandboxes({
      sandboxes: this.sandboxes,
      clock: this.maker.clock,
      mayStart: (spec) => !this.stopped && this.opening < options.limits.maxStarts && this.makeRoom(spec),
      start: (spec, key, ended) => void this.startProvisioned(spec, key, ended),
      end: (sandbox) => void this.end(sandbox),
      pump: () => this.pump(),
    });
  }

  /** Removes what former lives left, then serves. */
  async start(): Promise<OrphanReport> {
    const report = await this.options.driver.removeOrphans();
    const everyMs = Math.max(20, Math.min(MAX_SWEEP_MS, this.options.limits.idleMs / SWEEPS_PER_IDLE_TIME));
    this.sweeper = setInterval(() => this.expireIdle(), everyMs);
    this.sweeper.unref();
    this.embers.settle();
    return report;
  }

  /**
   * Runs one invocation to its end. Function errors and timeouts are outcomes.
   * @throws InfrastructureError when no sandbox could run it, or the signal ended the wait for one
   */
  async invoke(request: InvocationRequest, signal?: AbortSignal): Promise<InvocationOutcome> {
    const askedAt = this.maker.clock.now();
    for (let delivery = 0; delivery < MAX_DELIVERIES; delivery++) {
      const key = request.provisionedKey ?? request.spec.sandboxKey;
      let freed: Sandbox | undefined;
      if (this.brief.worthwhile(key)) {
        const inUse = this.brief.takesAhead(key);
        const begun = await inUse?.sendAhead(request);
        freed = inUse === undefined ? await this.brief.wait(key) : undefined;
        this.brief.waited(key, begun === undefined && freed === undefined);
        if (begun !== undefined) return await this.serveBegun(inUse!, begun, askedAt);
      }
      let warm = freed ?? this.takeIdle(request, askedAt);
      if (warm === undefined && (this.soon.has(key) || this.soon.has(request.spec.sandboxKey))) {
        await new Promise((resolve) => setImmediate(resolve));
        warm = this.takeIdle(request, askedAt);
      }
      if (warm !== undefined) this.counters.warm += 1;
      const place = warm ?? (await this.queue(request, signal));
      if (!(place instanceof Sandbox)) return place;
      const placedAt = this.maker.clock.now();
      const outcome = await this.run(place, () => place.invoke(request));
      if (outcome === undefined) continue;
      outcome.phases = { placement: [askedAt, placedAt], ...outcome.phases };
      return outcome;
    }
    throw new InfrastructureError(`The runtime of ${request.spec.functionName} goes away whenever an event comes`);
  }

  /** Holds initialised sandboxes from now on, those ordered and no others. Returns at once. */
  provision(orders: readonly ProvisionOrder[]): void {
    this.provisioned.replace(orders);
  }

  provisionReport(): ProvisionReport {
    const { maxSandboxes, memoryMb } = this.options.limits;
    return { maxSandboxes, memoryMb, held: this.provisioned.report() };
  }

  provisionedUse(): ProvisionedUse[] {
    return this.provisioned.use();
  }

  /** No sandbox of these specs serves a new invocation that is not waiting already: their version, configuration or role was superseded. */
  retire(matches: (spec: FunctionSpec) => boolean): void {
    for (const sandbox of this.sandboxes) {
      if (!matches(sandbox.spec)) continue;
      sandbox.retired = true;
      if (sandbox.state === 'idle') void this.end(sandbox); // Ends off the caller's path; destroy reports its own failures.
    }
  }

  stats(): PoolStats {
    const states = { creating: 0, initialising: 0, idle: 0, busy: 0, draining: 0 };
    let frozen = 0;
    for (const sandbox of this.sandboxes) {
      if (sandbox.state !== 'gone') states[sandbox.state] += 1;
      if (sandbox.frozen) frozen += 1;
    }
    return { states, frozen, waiting: this.line.length, memoryMb: this.capacity.memoryMb, ...this.counters, embers: this.embers.counts() };
  }

  /** Ends all sandboxes and those who wait; resolves when nothing is left. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearInterval(this.sweeper);
    this.freezer.stop();
    this.provisioned.stop();
    for (const waiter of this.line.all()) this.line.fail(waiter, new InfrastructureError('This worker is stopping'));
    await Promise.all([this.embers.stop(), ...[...this.sandboxes].map((sandbox) => this.end(sandbox))]);
    await this.options.driver.close();
  }

  private takeIdle({ provisionedKey, spec }: InvocationRequest, now: number): Sandbox | undefined {
    const held = provisionedKey === undefined ? undefined : this.popIdle(provisionedKey);
    const sandbox = held ?? this.popIdle(spec.sandboxKey);
    if (sandbox === undefined) return undefined;
    sandbox.to('busy');
    this.freezer.taken(sandbox);
    sandbox.rhythm?.note(now - sandbox.idleSince);
    return sandbox;
  }

  private popIdle(key: string): Sandbox | undefined {
    for (;;) {
      const sandbox = this.idle.get(key)?.at(-1);
      if (sandbox === undefined) return undefined;
      if (!this.outlived(sandbox)) return this.idle.get(key)!.pop();
      void this.end(sandbox);
    }
  }

  private queue(request: InvocationRequest, signal?: AbortSignal): Promise<Sandbox | InvocationOutcome> {
    if (this.stopped) throw new InfrastructureError('This worker is stopping');
    const impossible = this.capacity.neverFits(request.spec);
    if (impossible) throw new InfrastructureError(impossible);
    const { queueMs, roomMs = queueMs } = this.options.limits;
    const waited = this.line.join(request, { queueMs, roomMs, lacksRoom: (each) => this.lacksRoom(each) }, signal);
    this.pump();
    return waited;
  }

  private async run(sandbox: Sandbox, invocation: () => Promise<InvocationOutcome | undefined>): Promise<InvocationOutcome | undefined> {
    let outcome: InvocationOutcome | undefined;
    const { key } = sandbox;
    this.brief.begin(key, sandbox);
    try {
      outcome = await invocation();
      return outcome;
    } finally {
      const free = (): void => {
        this.brief.end(key, sandbox);
        if (outcome === undefined || sandbox.state !== 'busy') void this.end(sandbox);
        else this.offer(sandbox);
      };
      // The answer does not wait for log and extensions; the next event does.
      if (sandbox.settling === undefined) free();
      else if (sandbox.freeSoon) this.freeSoon(sandbox, free);
      else void sandbox.settling.then(free);
    }
  }

  private freeSoon(sandbox: Sandbox, free: () => void): void {
    const { key } = sandbox;
    this.add(this.soon, key, 1);
    void sandbox.settling!.then(() => {
      this.add(this.soon, key, -1);
      free();
    });
  }

  private async serveBegun(sandbox: Sandbox, begun: Begun, askedAt: number): Promise<InvocationOutcome> {
    this.counters.warm += 1;
    this.counters.ahead += 1;
    const placedAt = this.maker.clock.now();
    const outcome = await this.run(sandbox, () => sandbox.invokeBegun(begun));
    if (outcome === undefined) throw new InfrastructureError(`The runtime of ${sandbox.spec.functionName} went away while the invocation ran in it`);
    outcome.phases = { placement: [askedAt, placedAt], ...outcome.phases };
    return outcome;
  }

  private outlived(sandbox: Sandbox): boolean {
    return this.maker.clock.now() >= sandbox.usableUntil;
  }

  /** A sandbox is free: to the first who waits for its key, else it stays warm. */
  private offer(sandbox: Sandbox): void {
    if (this.outlived(sandbox)) sandbox.retired = true;
    if (sandbox.hasAhead) {
      if (sandbox.retired) sandbox.takeBack(Number.POSITIVE_INFINITY);
      if (sandbox.giveTurn()) return;
    }
    if (sandbox.retired && sandbox.state === 'busy') return void this.end(sandbox);
    const waiter = this.line.first(sandbox.key);
    if (waiter !== undefined) {
      if (sandbox.state !== 'busy') {
        sandbox.to('idle');
        sandbox.to('busy');
      }
      this.line.serve(waiter, sandbox);
      this.pump();
      return;
    }
    if (sandbox.retired) return void this.end(sandbox);
    if (sandbox.state === 'busy' && this.brief.give(sandbox.key, sandbox)) return;
    sandbox.to('idle');
    sandbox.idleSince = this.maker.clock.now();
    if (sandbox.rhythm) sandbox.rhythm.idleSince = sandbox.idleSince;
    this.freezer.idle(sandbox);
    const stack = this.idle.get(sandbox.key);
    if (stack) stack.push(sandbox);
    else this.idle.set(sandbox.key, [sandbox]);
    if (this.line.length > 0) this.pump();
  }

  /** Starts what the line needs and the limits allow, in the line's order. */
  private pump(): void {
    if (this.stopped) return;
    const covered = new Map<string, number>();
    for (const waiter of this.line.all()) {
      const key = waiter.request.spec.sandboxKey;
      const ahead = covered.get(key) ?? 0;
      covered.set(key, ahead + 1);
      if (ahead < (this.coming.get(key) ?? 0)) continue;
      const { spec } = waiter.request;
      const ember = this.embers.take(spec);
      if (ember === undefined && this.opening >= this.options.limits.maxStarts) return;
      if (!this.makeRoom(spec)) {
        if (ember !== undefined) this.embers.giveBack(ember);
        return;
      }
      if (this.mayScale(waiter)) void this.bring(spec, ember);
      else if (ember !== undefined) this.embers.giveBack(ember);
    }
    this.provisioned.settle();
    this.embers.settle();
  }

  /** Fails the waiter when its function starts sandboxes faster than it may: over the rate nobody waits (spec/concurrency-and-billing.md 1.2). */
  private mayScale(waiter: Waiter): boolean {
    const { accountId, region, functionName } = waiter.request.spec;
    const waitMs = this.scaling.take(`${accountId} ${region} ${functionName}`, this.maker.clock.now());
    if (waitMs > 0) this.line.fail(waiter, new Throttled('FunctionInvocationRateLimitExceeded', waitMs / 1_000));
    return waitMs === 0;
  }

  /** For one who waits: nothing is on its way, and there is no room to start something. */
  private lacksRoom({ spec }: InvocationRequest): boolean {
    this.pump();
    return (this.coming.get(spec.sandboxKey) ?? 0) === 0 && !this.capacity.fits(spec);
  }

  /** True when a sandbox of this spec may be started now; otherwise ends idle ones, and the end of them pumps again. */
  private makeRoom(spec: FunctionSpec): boolean {
    while (!this.capacity.fits(spec)) {
      if (this.capacity.willFit(spec)) return false;
      if (this.embers.giveWay()) continue;
      const victim = this.longestIdle();
      if (victim === undefined) return false;
      this.counters.evicted += 1;
      void this.end(victim);
    }
    return true;
  }

  private longestIdle(): Sandbox | undefined {
    let oldest: Sandbox | undefined;
    for (const [first] of this.idle.values()) if (first && !first.provisioned && (oldest === undefined || first.idleSince < oldest.idleSince)) oldest = first;
    return oldest;
  }

  /** Starts one sandbox and gives it, or the failure of its init, to the first who waits for its key. */
  private async bring(spec: FunctionSpec, ember?: Ember): Promise<void> {
    this.retireFormer(spec);
    this.embers.note(spec);
    const sandbox = new Sandbox(spec, this.maker);
    this.follow(sandbox);
    const key = spec.sandboxKey;
    this.add(this.coming, key, 1);
    try {
      await this.open(sandbox, { ember });
      sandbox.to('initialising');
      const init = await sandbox.initialise(INIT_LIMIT_MS);
      this.add(this.coming, key, -1);
      if (init.kind === 'ready') {
        void sandbox.ended.then(() => this.lose(sandbox));
        return this.offer(sandbox);
      }
      const waiter = this.line.first(key);
      void this.end(sandbox);
      if (waiter === undefined) return;
      if (init.kind === 'timeout') this.line.serve(waiter, this.initialiseInside(waiter));
      else this.line.serve(waiter, sandbox.failedInit(waiter.request, init));
    } catch (error) {
      this.add(this.coming, key, -1);
      void this.end(sandbox);
      const waiter = this.line.first(key);
      if (waiter !== undefined) this.line.fail(waiter, failureOf(error));
      else if (!this.stopped) this.options.report((error as Error).message);
    } finally {
      this.pump();
    }
  }

  /** @param ended told what became of it, before anything else is started */
  private async startProvisioned(spec: FunctionSpec, key: string, ended: (failure?: ProvisionFailure) => void): Promise<void> {
    const sandbox = new Sandbox(spec, this.maker, key);
    try {
      await this.open(sandbox);
      sandbox.to('initialising');
      const init = await sandbox.initialise(PROVISIONED_INIT_LIMIT_MS);
      if (sandbox.state !== 'initialising') return; // Given up meanwhile.
      ended(init.kind === 'ready' ? undefined : 'function');
      if (init.kind !== 'ready') return void this.end(sandbox);
      void sandbox.ended.then(() => this.lose(sandbox));
      this.offer(sandbox);
    } catch (error) {
      if (sandbox.state === 'draining' || sandbox.state === 'gone') return;
      ended('platform');
      this.options.report((error as Error).message);
      void this.end(sandbox);
    } finally {
      this.pump();
    }
  }

  /** A new revision of $LATEST makes the sandboxes of the former one useless: they give their memory back now, not when they expire. */
  private retireFormer({ accountId, region, functionName, version, sandboxKey }: FunctionSpec): void {
    if (version !== '$LATEST') return;
    this.retire(
      (other) => other.version === version && other.sandboxKey !== sandboxKey && other.functionName === functionName && other.accountId === accountId && other.region === region,
    );
  }

  /** The init ran out of time: once more, inside the invocation. The new sandbox takes the room of the ended one. */
  private async initialiseInside(waiter: Waiter): Promise<InvocationOutcome> {
    const sandbox = new Sandbox(waiter.request.spec, this.maker);
    try {
      await this.open(sandbox, { phase: 'invoke' });
    } catch (error) {
      void this.end(sandbox);
      throw failureOf(error);
    }
    sandbox.to('initialising');
    void sandbox.ended.then(() => this.lose(sandbox));
    const outcome = await this.run(sandbox, () => sandbox.invokeWithInit(waiter.request));
    if (outcome === undefined) throw new InfrastructureError(`The runtime of ${waiter.request.spec.functionName} went away before it took the event`);
    return outcome;
  }

  private async open(sandbox: Sandbox, { phase, ember }: { phase?: InitPhase; ember?: Ember } = {}): Promise<void> {
    this.sandboxes.add(sandbox);
    this.counters.started += 1;
    if (ember !== undefined) {
      this.counters.fromEmbers += 1;
      return sandbox.open(phase, ember);
    }
    this.opening += 1;
    try {
      await sandbox.open(phase);
    } finally {
      this.opening -= 1;
      this.pump();
    }
  }

  /** The runtime ended. In an invocation that is the invocation's matter. */
  private lose(sandbox: Sandbox): void {
    if (sandbox.state !== 'idle') return;
    this.counters.lost += 1;
    if (sandbox.provisioned) this.provisioned.lost(sandbox);
    void this.end(sandbox);
  }

  private expireIdle(): void {
    this.provisioned.renew();
    this.scaling.sweep(this.maker.clock.now());
    this.embers.settle();
    const now = this.maker.clock.now();
    for (const stack of [...this.idle.values()]) {
      for (const sandbox of stack.filter((one) => (!one.provisioned && one.idleSince + this.keepMs(one) <= now) || this.outlived(one))) {
        this.counters.expired += 1;
        void this.end(sandbox);
      }
    }
  }

  /** The rhythm of its function counts it. One that has to be made although nothing else was going on came too late for the one before. */
  private follow(sandbox: Sandbox): void {
    if (this.options.limits.keep === undefined) return;
    const rhythm = (sandbox.rhythm = this.rhythms.of(sandbox.spec));
    if (rhythm.live === 0 && rhythm.idleSince !== undefined) rhythm.note(this.maker.clock.now() - rhythm.idleSince);
    rhythm.live += 1;
  }

  private keepMs({ rhythm }: Sandbox): number {
    const { idleMs, keep } = this.options.limits;
    return rhythm === undefined || keep === undefined ? idleMs : rhythm.keepMs({ defaultMs: idleMs, ...keep });
  }

  /** Takes a sandbox out of service and destroys it in the background. */
  private async end(sandbox: Sandbox): Promise<void> {
    const { key } = sandbox;
    this.freezer.forget(sandbox);
    sandbox.thaw(); // Its extensions are told, and whatever ends has to run.
    const stack = this.idle.get(key)?.filter((one) => one !== sandbox);
    if (stack && stack.length > 0) this.idle.set(key, stack);
    else this.idle.delete(key);
    try {
      await sandbox.destroy();
    } catch (error) {
      this.options.report(`A sandbox of ${sandbox.spec.functionName} cannot be removed: ${(error as Error).message}`);
    }
    if (this.sandboxes.delete(sandbox) && sandbox.rhythm) sandbox.rhythm.live -= 1;
    this.pump();
  }

  private add(map: Map<string, number>, key: string, change: number): void {
    const value = (map.get(key) ?? 0) + change;
    if (value === 0) map.delete(key);
    else map.set(key, value);
  }
}

/** What the caller is meant to see stays; everything else is the platform's fault. */
function failureOf(error: unknown): InfrastructureError | ServiceError {
  return error instanceof InfrastructureError || error instanceof ServiceError ? error : new InfrastructureError((error as Error).message, { cause: error });
}
