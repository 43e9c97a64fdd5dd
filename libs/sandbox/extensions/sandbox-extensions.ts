import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '@hearth/kernel';
import type { InitResult } from '../channel/runtime-channel.js';
import type { FunctionSpec } from '../function-spec.js';
import { billedDuration, type Report } from '../logs/platform-log.js';
import type { SandboxLog } from '../logs/sandbox-log.js';
import type { TelemetryHub } from '../telemetry-api/telemetry-hub.js';
import { TelemetryRoutes } from '../telemetry-api/telemetry-routes.js';
import type { ExtensionFailure, InvokeEvent, ShutdownReason } from './extension-events.js';
import { ExtensionRegistry, type Extension } from './extension-registry.js';
import { ExtensionRoutes } from './extension-routes.js';
import type { ExtensionsPort, WaysIntoSandbox } from './extensions-port.js';

/** How long everything may take to shut down, and the runtime's part of it (runtime-api.md section 4). */
const SHUTDOWN_MS = { internal: 500, external: 2_000, runtime: 300 } as const;

/** More than may register are started all the same, and refused then; a sandbox that claims more than this is not believed. */
const MOST_LAUNCHED = 100;

export type ExtendedInit = InitResult | { kind: 'extension'; failure: ExtensionFailure };

export interface SandboxExtensionsOptions {
  spec: FunctionSpec;
  log: SandboxLog;
  hub: TelemetryHub;
  clock: Clock;
}

/**
 * The part that extensions have in the life of one sandbox (runtime-api.md sections 2 to 4).
 *
 * 1. The runtime is started when every external extension has registered.
 * 2. Init is over when the runtime and every extension have asked for their first event.
 * 3. An invocation is answered with the runtime's answer, and over when its extensions have asked for the next event.
 * 4. Without extensions none of this costs an invocation more than asking `present`.
 */
export class SandboxExtensions implements ExtensionsPort {
  readonly handle: (request: IncomingMessage, response: ServerResponse) => boolean;
  private readonly registry: ExtensionRegistry;
  private ways: WaysIntoSandbox | undefined;
  private launched = false;

  constructor(private readonly options: SandboxExtensionsOptions) {
    const { spec, log, hub } = options;
    this.registry = new ExtensionRegistry({ changed: (extension, errorType) => this.record(extension, errorType) });
    const routes = new ExtensionRoutes(this.registry, spec, (extension) => this.registered(extension));
    const telemetry = new TelemetryRoutes({
      hub,
      identified: (id) => this.registry.identified(id),
      connect: () => this.ways?.connect,
      subscribed: ({ name }, api, { types }) =>
        log.platform({ type: api === 'Telemetry' ? 'telemetrySubscription' : 'logsSubscription', name, types }),
    });
    this.handle = (request, response) => routes.handle(request, response) || telemetry.handle(request, response);
  }

  /** Whether this sandbox has extensions at all. */
  get present(): boolean {
    return this.registry.all.length > 0;
  }

  /** Whether nothing in it has to run until the next event: it may be frozen. */
  get mayBeFrozen(): boolean {
    return this.registry.settled;
  }

  /** Around the time in which nothing in the sandbox runs: deliveries of telemetry wait for its end. */
  freeze(): void {
    this.options.hub.freeze();
  }

  thaw(): void {
    this.options.hub.thaw();
  }

  /** Settles when an extension fails the sandbox. */
  get failed(): Promise<ExtensionFailure> {
    return this.registry.failed;
  }

  attach(ways: WaysIntoSandbox): void {
    this.ways = ways;
    this.registry.externalsFirst = ways.startRuntime !== undefined;
  }

  launching(name: string): void {
    if (!this.launched && this.registry.all.length < MOST_LAUNCHED) this.registry.started(name);
  }

  allLaunched(): void {
    this.launched = true;
    void this.registry
      .when(() => this.registry.complete)
      .then(() => {
        this.registry.externalsFirst = false;
        this.ways?.startRuntime?.();
      });
  }

  cannotStart(name: string, reason: string): void {
    this.registry.cannotStart(name, reason);
  }

  exited(name: string, status: number): void {
    this.registry.exited(name, status);
  }

  onLog(chunk: Buffer): void {
    this.options.log.receiveFromExtensions(chunk);
  }

  /** @param runtime how the runtime's init ends */
  async initialised(runtime: Promise<InitResult>): Promise<ExtendedInit> {
    const result = await Promise.race([runtime, this.failed.then(asInit)]);
    if (result.kind === 'ready' && !this.registry.settled)
      await Promise.race([this.registry.when(() => this.registry.settled), this.failed]);
    const { failure } = this.registry;
    return failure === undefined ? result : asInit(failure);
  }

  /** Init is over, one way or another: nobody registers or subscribes any more. */
  closeInit(): void {
    this.registry.closeRegistration();
    this.options.hub.closeSubscription();
  }

  invoke(event: Omit<InvokeEvent, 'eventType' | 'tracing'>, traceHeader: string): void {
    this.registry.invoke({ eventType: 'INVOKE', ...event, tracing: { type: 'X-Amzn-Trace-Id', value: traceHeader } });
  }

  /** Whether an extension still works on the event. */
  get busy(): boolean {
    return !this.registry.settled;
  }

  /**
   * The extensions' part of an invocation that has been answered, then its REPORT.
   * @param leftMs of the function's timeout
   * @returns why the sandbox has to end; undefined: it need not
   */
  async conclude(report: Report, leftMs: number): Promise<ShutdownReason | undefined> {
    const { clock, log } = this.options;
    const startedAt = clock.now();
    const began = performance.now();
    const late = after(Math.max(0, leftMs));
    await Promise.race([this.registry.when(() => this.registry.settled), this.failed, late.passed]);
    late.cancel();
    const durationMs = performance.now() - began;
    const { failure, settled } = this.registry;
    const ending = failure
      ? { status: 'failure' as const, errorType: failure.errorType }
      : settled
        ? {}
        : { status: 'timeout' as const, errorType: undefined };
    const billedDurationMs = billedDuration(report.durationMs + durationMs, report.initDurationMs);
    log.platform({ type: 'report', ...report, ...ending, billedDurationMs, postRuntimeExtensions: { startedAt, durationMs } });
    if (failure) return 'failure';
    return settled ? undefined : 'timeout';
  }

  /**
   * SIGTERM for the runtime, then the SHUTDOWN event for the extensions; returns when all are gone or their time is up. The sandbox must not be
   * frozen; killing what is left is the caller's.
   */
  async shutDown(reason: ShutdownReason): Promise<void> {
    const { clock, hub } = this.options;
    this.closeInit();
    this.thaw();
    if (!this.present) return;
    const externals = this.registry.all.some(({ external }) => external);
    const limitMs = externals ? SHUTDOWN_MS.external : SHUTDOWN_MS.internal;
    const deadlineMs = clock.now() + limitMs;
    const flushed = hub.flush();
    const late = after(limitMs);
    await Promise.race([this.endRuntime(), late.passed]);
    this.registry.shutDown({ eventType: 'SHUTDOWN', shutdownReason: reason, deadlineMs });
    await Promise.race([
      Promise.all([this.registry.when(() => this.registry.over), this.registry.anyAlive ? flushed : undefined]),
      late.passed,
    ]);
    late.cancel();
  }

  close(): void {
    this.options.hub.close();
    this.registry.closeRegistration();
  }

  private async endRuntime(): Promise<void> {
    const { ways } = this;
    if (ways === undefined) return;
    // A handler of SIGTERM in the runtime's process does not run while that waits in a system call.
    ways.keepRuntimeAwake();
    ways.signalRuntime('TERM');
    const late = after(SHUTDOWN_MS.runtime);
    await Promise.race([ways.runtimeEnded, late.passed.then(() => ways.signalRuntime('KILL'))]);
    late.cancel();
  }

  private registered(extension: Extension): void {
    if (!extension.external) this.ways?.keepRuntimeAwake();
  }

  private record({ name, state, events }: Extension, errorType?: string): void {
    this.options.log.platform({ type: 'extension', name, state, events, errorType });
  }
}

function asInit(failure: ExtensionFailure): ExtendedInit {
  return { kind: 'extension', failure };
}

function after(limitMs: number): { passed: Promise<void>; cancel(): void } {
  let timer: NodeJS.Timeout;
  const passed = new Promise<void>((resolve) => (timer = setTimeout(resolve, limitMs)));
  return { passed, cancel: () => clearTimeout(timer) };
}
