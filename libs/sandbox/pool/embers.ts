import type { Clock } from '@hearth/kernel';
import { sameKind, type Ember, type EmberKind, type EmberMaker } from '../ember.js';
import type { FunctionSpec } from '../function-spec.js';
import { EmberDemand } from './ember-demand.js';
import { hostIdleShare } from './host-idle-share.js';

/** After a start: its first invocation shall have the machine for itself. */
const LOOK_AGAIN_MS = 100;
const AFTER_FAILURE_MS = 2_000;
/** Share of the machine's CPU time that has to be idle before an ember is made. */
const IDLE_SHARE = 0.2;
/** On a machine that is never idle they are made all the same, one at a time and this far apart. */
const PATIENCE_MS = 5_000;
/** Part of the places for sandboxes that embers may take. */
const SHARE_OF_SANDBOXES = 0.25;

export interface EmberSettings {
  /** Most embers at a time. */
  max: number;
  /** For so long a machine without CPU to spare puts off the next one. Default 5 s. */
  patienceMs?: number;
  /** One of each is held from the start on; others follow demand. */
  standing?: readonly EmberKind[];
}

export interface EmbersOptions {
  maker: EmberMaker | undefined;
  settings: EmberSettings | undefined;
  maxSandboxes: number;
  clock: Clock;
  /** Nobody waits for a sandbox and none is being started. */
  quiet(): boolean;
  /** There is room for one more ember. */
  fits(): boolean;
  /** One that went has given its room back. */
  gone(): void;
  report(message: string): void;
  /** Default: of this machine, since the last call. */
  idleShare?(): number;
}

/**
 * The embers of this worker.
 *
 * 1. How many of which kind follows demand (ember-demand.ts), up to the setting.
 * 2. One is made at a time, and only while nobody waits for a sandbox and the machine has CPU to spare.
 * 3. They give way to sandboxes that need their room.
 * 4. One that was taken is the pool's no more; one that ended by itself is replaced.
 */
export class Embers {
  private readonly demand: EmberDemand;
  private readonly max: number;
  private readonly ready: Ember[] = [];
  private kindling = 0;
  private leaving = 0;
  private timer: NodeJS.Timeout | undefined;
  private missingSince: number | undefined;
  private stopped = false;
  private readonly ends = new Set<Promise<void>>();

  constructor(private readonly options: EmbersOptions) {
    const { maker, settings, maxSandboxes } = options;
    this.max =
      maker === undefined || settings === undefined ? 0 : Math.min(settings.max, Math.floor(maxSandboxes * SHARE_OF_SANDBOXES));
    this.demand = new EmberDemand(this.max, settings?.standing);
  }

  get held(): number {
    return this.ready.length + this.kindling;
  }

  get going(): number {
    return this.leaving;
  }

  counts(): { ready: number; kindling: number } {
    return { ready: this.ready.length, kindling: this.kindling };
  }

  /** For a function that is about to be started: of its kind, else of its runtime. */
  take(spec: FunctionSpec): Ember | undefined {
    if (this.max === 0) return undefined;
    const kind = this.options.maker!.kindFor(spec);
    if (kind === undefined) return undefined;
    const exact = this.ready.findIndex((ember) => sameKind(ember.kind, kind));
    const index = exact >= 0 ? exact : this.ready.findIndex((ember) => ember.kind.runtime === kind.runtime);
    return index < 0 ? undefined : this.ready.splice(index, 1)[0];
  }

  /** A sandbox is being started for this function, from an ember or not. */
  note(spec: FunctionSpec): void {
    const kind = this.max === 0 ? undefined : this.options.maker!.kindFor(spec);
    if (kind !== undefined) this.demand.note(kind, this.options.clock.now());
  }

  /** One that was taken and cannot be used yet. */
  giveBack(ember: Ember): void {
    this.ready.unshift(ember);
  }

  /** Ends one for the sake of something else. @returns false when there is none */
  giveWay(): boolean {
    const ember = this.ready.shift();
    if (ember === undefined) return false;
    void this.end(ember);
    return true;
  }

  /** Ends what is not wanted, and sees to it that what is missing is made. */
  settle(): void {
    if (this.stopped || this.max === 0) return;
    const missing = this.missing();
    if (missing === undefined) {
      this.missingSince = undefined;
      return;
    }
    this.missingSince ??= this.options.clock.now();
    if (this.kindling === 0) this.lookAgain(LOOK_AGAIN_MS);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    while (this.giveWay()); // All of them.
    await Promise.all(this.ends);
  }

  /** @returns a kind of which there are too few; embers too many are ended */
  private missing(): EmberKind | undefined {
    const spare = [...this.ready];
    const missing: EmberKind[] = [];
    for (const kind of this.demand.wanted(this.options.clock.now())) {
      const index = spare.findIndex((ember) => sameKind(ember.kind, kind));
      if (index >= 0) spare.splice(index, 1);
      else if (this.options.maker!.kindOfRuntime(kind.runtime) !== undefined) missing.push(kind);
    }
    for (const ember of spare) {
      this.ready.splice(this.ready.indexOf(ember), 1);
      void this.end(ember);
    }
    return missing[0];
  }

  private lookAgain(afterMs: number): void {
    if (this.timer !== undefined) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.makeOne();
    }, afterMs);
    this.timer.unref();
  }

  private makeOne(): void {
    if (this.stopped || this.kindling > 0) return;
    const kind = this.missing();
    if (kind === undefined) return;
    const { clock, quiet, fits, idleShare = hostIdleShare } = this.options;
    const patient = clock.now() - (this.missingSince ?? clock.now()) < (this.options.settings?.patienceMs ?? PATIENCE_MS);
    if (!quiet() || !fits() || (patient && idleShare() < IDLE_SHARE)) return this.lookAgain(LOOK_AGAIN_MS);
    const made = this.kindle(kind);
    this.ends.add(made);
    void made.finally(() => this.ends.delete(made));
  }

  private async kindle(kind: EmberKind): Promise<void> {
    this.kindling += 1;
    let after = LOOK_AGAIN_MS;
    try {
      const ember = await this.options.maker!.kindle(kind);
      if (this.stopped) return await ember.destroy();
      this.ready.push(ember);
      void ember.ended.then(() => this.lost(ember));
    } catch {
      // The maker reports what is worth it; nobody waits for an ember.
      after = AFTER_FAILURE_MS;
    } finally {
      this.kindling -= 1;
      this.missingSince = undefined;
      if (!this.stopped && this.missing() !== undefined) {
        this.missingSince = this.options.clock.now();
        this.lookAgain(after);
      }
    }
  }

  private lost(ember: Ember): void {
    const index = this.ready.indexOf(ember);
    if (index < 0) return;
    this.ready.splice(index, 1);
    void this.end(ember);
    this.settle();
  }

  private async end(ember: Ember): Promise<void> {
    this.leaving += 1;
    const ending = ember
      .destroy()
      .catch((error: Error) => this.options.report(`An unassigned sandbox cannot be removed: ${error.message}`));
    this.ends.add(ending);
    await ending;
    this.ends.delete(ending);
    this.leaving -= 1;
    this.options.gone();
  }
}
