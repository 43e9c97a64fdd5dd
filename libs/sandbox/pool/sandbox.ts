import { randomUUID } from 'node:crypto';
import { InfrastructureError, ServiceError, type Clock } from '@hearth/kernel';
import type { ChannelAnswer, ChannelEvent } from '../channel/runtime-channel.js';
import type { ExtensionFailure, ShutdownReason } from '../extensions/extension-events.js';
import { SandboxExtensions, type ExtendedInit } from '../extensions/sandbox-extensions.js';
import type { Ember } from '../ember.js';
import type { InitializationType } from '../function-environment.js';
import type { FunctionSpec, InvocationOutcome, InvocationRequest } from '../function-spec.js';
import type { LogSink } from '../log-sink.js';
import { billedDuration, type InitPhase, type Report } from '../logs/platform-log.js';
import { logStreamName, SandboxLog } from '../logs/sandbox-log.js';
import { TelemetryHub } from '../telemetry-api/telemetry-hub.js';
import type { SandboxDriver, SandboxExit, SandboxHandle, SandboxOrder } from '../sandbox-driver.js';
import { AheadLine } from './ahead-line.js';
import type { CredentialSource, IssuedCredentials } from './credential-source.js';
import type { Rhythm } from './keep-alive.js';
import { move, type SandboxState } from './sandbox-state.js';
import { errorTypeOf, verdictOfAnswer, verdictOfExit, verdictOfExtension, verdictOfInit, verdictOfTimeout, type FailedInit, type Initialised, type Verdict } from './verdict.js';
import { within } from './within.js';

/** A runtime that let go of its channel but lives on is ended after this time. */
const EXIT_GRACE_MS = 2_000;

export interface SandboxMaker {
  driver: SandboxDriver;
  codeDirectory(digest: string): Promise<string>;
  /** The layers laid over each other; the same directory for every sandbox with the same list. */
  layersDirectory(digests: readonly string[]): Promise<string>;
  logSink: LogSink;
  clock: Clock;
  /** Absent: functions get no credentials. */
  credentials?: CredentialSource;
}

const NO_TAIL = Buffer.alloc(0);

/** Credentials are good for the whole of an invocation and this much longer: clocks differ, and so do ends. */
const CREDENTIALS_MARGIN_MS = 60_000;

/** An event that a sandbox has begun although it was sent ahead. */
export interface Begun {
  request: InvocationRequest;
  answered: Promise<ChannelAnswer>;
}

/**
 * One sandbox from its making to its end, and the invocations it runs, one at a time.
 *
 * 1. START is logged when the event is handed over, and the timeout counts from there.
 * 2. The log FIFO is drained before END, so that what was printed before the response is in the tail.
 * 3. While one invocation runs, events may be sent ahead; each begins when those before it are answered, or is taken back.
 * 4. Whatever ends an invocation but a posted response or error ends the sandbox.
 * 5. The caller has the runtime's answer at once; the sandbox serves again when its log is settled and its extensions are through too (`settling`).
 */
export class Sandbox {
  readonly id = randomUUID().replaceAll('-', '');
  /** Epoch ms since which it is idle. */
  idleSince = 0;
  /** Superseded: ends after the invocation it serves. */
  retired = false;
  /** Epoch ms from which on it begins no invocation: its credentials might expire within. */
  usableUntil = Number.POSITIVE_INFINITY;
  /** Of its function; absent: its idle times are nobody's concern. */
  rhythm: Rhythm | undefined;
  /** None of its processes runs. */
  frozen = false;
  /** The invocation that was answered last is not through yet. Never rejects. */
  settling: Promise<void> | undefined;
  /** It is only its log that is settled yet, at the end of this turn of the event loop. */
  freeSoon = false;
  private shutdownReason: ShutdownReason = 'spindown';
  private readonly extensions: SandboxExtensions;
  private current: SandboxState = 'creating';
  private handle: SandboxHandle | undefined;
  private making: Promise<void> | undefined;
  private credentials: Promise<IssuedCredentials> | undefined;
  private readonly log: SandboxLog;
  private readonly createdAt: number;
  private initDurationMs: number | undefined;
  /** Of the cold start. */
  private readonly phases: Record<string, [number, number]> = {};
  private sentAt = 0;
  private served = 0;
  private destruction: Promise<void> | undefined;
  private readonly ahead = new AheadLine();

  /** @param provisionedKey of the order that holds it; absent: made for whoever invokes its version */
  constructor(
    readonly spec: FunctionSpec,
    private readonly maker: SandboxMaker,
    private readonly provisionedKey?: string,
  ) {
    this.createdAt = maker.clock.now();
    const hub = new TelemetryHub(() => maker.clock.now());
    this.log = new SandboxLog(spec, logStreamName(spec.version, this.id, this.createdAt), maker.logSink, maker.clock, this.initializationType, hub);
    this.extensions = new SandboxExtensions({ spec, log: this.log, hub, clock: maker.clock });
  }

  /** Whom it serves: invocations that name this key. */
  get key(): string {
    return this.provisionedKey ?? this.spec.sandboxKey;
  }

  get provisioned(): boolean {
    return this.provisionedKey !== undefined;
  }

  get hasServed(): boolean {
    return this.served > 0;
  }

  private get initializationType(): InitializationType {
    return this.provisioned ? 'provisioned-concurrency' : 'on-demand';
  }

  get state(): SandboxState {
    return this.current;
  }

  to(state: SandboxState): void {
    this.current = move(this.current, state);
  }

  /** Whether nothing in it has work until the next event: the runtime waits, and so does every extension. */
  get mayBeFrozen(): boolean {
    return this.state === 'idle' && this.extensions.mayBeFrozen;
  }

  /** Settles when the runtime is gone or an extension has failed, by itself or by destroy. Only after `open`. */
  get ended(): Promise<unknown> {
    return Promise.race([this.opened().exit, this.opened().channel.closed, this.extensions.failed]);
  }

  /**
   * @param phase `invoke`: its init will run inside an invocation
   * @param ember to become this sandbox
   * @throws InfrastructureError
   */
  async open(phase: InitPhase = 'init', ember?: Ember): Promise<void> {
    const making = this.make(phase, ember);
    // Whoever waits for its end asks for no more than that; the failure is the caller's.
    this.making = making.catch(() => undefined);
    await making;
  }

  private async make(phase: InitPhase, ember?: Ember): Promise<void> {
    const { driver, codeDirectory, layersDirectory, credentials } = this.maker;
    const { codeDigest, image, layers } = this.spec;
    this.credentials = credentials?.issue(this.spec);
    // The driver hears of a failure when it needs them; until then it is nobody's.
    this.credentials?.catch(() => undefined);
    const [codePath, layersPath] = await Promise.all([image ? undefined : codeDirectory(codeDigest), layers?.length ? layersDirectory(layers) : undefined]);
    if (this.state !== 'creating') throw givenUp();
    const order = {
      id: this.id,
      spec: this.spec,
      initializationType: this.initializationType,
      codePath,
      layersPath,
      logStream: this.log.stream,
      credentials: this.credentials,
      onLog: (chunk: Buffer) => this.log.receive(chunk),
      extensions: this.extensions,
    };
    this.log.platform({ type: 'initStart', phase });
    const handle = ember === undefined ? await driver.start(order) : await this.takeEmber(ember, order);
    // Destroyed meanwhile: there was nothing to destroy then.
    if (this.state !== 'creating') {
      await handle.destroy();
      throw givenUp();
    }
    this.handle = handle;
    const expiresAt = (await this.credentials)?.expiresAt;
    if (expiresAt !== undefined) this.usableUntil = expiresAt - this.spec.timeoutSeconds * 1_000 - CREDENTIALS_MARGIN_MS;
    this.phases['sandbox.create'] = [this.createdAt, handle.startedAt];
  }

  /** Waits for the runtime's first `next`. */
  async initialise(limitMs: number): Promise<Initialised> {
    const handle = this.opened();
    const result = await this.initResult(limitMs);
    const now = this.maker.clock.now();
    this.initDurationMs = Math.max(0, now - handle.startedAt);
    this.phases.init = [handle.startedAt, now];
    handle.drainLog();
    if (result.kind === 'ready') handle.initialised();
    else this.shutdownReason = result.kind === 'timeout' ? 'timeout' : 'failure';
    void this.ended.then(() => {
      if (this.shutdownReason === 'spindown') this.shutdownReason = 'failure';
    });
    this.reportInit(result, 'init', this.initDurationMs);
    this.extensions.closeInit();
    return result;
  }

  /** The answer to an invocation whose sandbox could not be initialised. */
  failedInit(request: InvocationRequest, failed: Exclude<FailedInit, { kind: 'timeout' }>): InvocationOutcome {
    this.log.beginInvocation();
    this.sentAt = this.maker.clock.now();
    this.log.platform({ type: 'start', requestId: request.requestId, traceHeader: request.traceHeader });
    const verdict = verdictOfInit(request, failed);
    const durationMs = this.initDurationMs ?? 0;
    this.initDurationMs = undefined;
    return this.finish(request, verdict, durationMs);
  }

  /**
   * Runs one invocation. The caller has moved the sandbox to `busy`.
   * @returns undefined when the runtime was gone before the event reached it: another sandbox may run it
   */
  async invoke(request: InvocationRequest): Promise<InvocationOutcome | undefined> {
    const startedAt = performance.now();
    const limitMs = this.spec.timeoutSeconds * 1_000;
    this.log.beginInvocation();
    const answered = this.send(request, this.maker.clock.now() + limitMs);
    this.log.platform({ type: 'start', requestId: request.requestId, traceHeader: request.traceHeader });
    return this.conclude(request, answered, startedAt, limitMs);
  }

  /** How many more events may be sent to it ahead of their turn. */
  get aheadRoom(): number {
    // Extensions get their events with the runtime's `next`, not before.
    if (this.state !== 'busy' || this.retired || this.extensions.present) return 0;
    return (this.opened().channel.maxAhead ?? 0) - this.ahead.length;
  }

  get hasAhead(): boolean {
    return this.ahead.length > 0;
  }

  /**
   * Sends an event that begins as soon as those before it are answered. Only with `aheadRoom`.
   * @returns for `invokeBegun`; undefined when it was taken back, or the sandbox ended before it began
   * @throws InfrastructureError when the sandbox ended while it ran, for a reason of another invocation
   */
  async sendAhead(request: InvocationRequest): Promise<Begun | undefined> {
    const event = { ...this.event(request, this.spec.timeoutSeconds * 1_000), mark: this.log.mark() };
    const begun = await this.ahead.send(this.opened().channel, event);
    return begun && { request, answered: begun.answered };
  }

  /** The invocation before is over: the next event that was sent ahead has begun. @returns false when there is none */
  giveTurn(): boolean {
    return this.ahead.giveTurn();
  }

  /** Takes back events that were sent before a time and have not begun. */
  takeBack(before: number): void {
    this.ahead.takeBack(this.opened().channel, before);
  }

  /** The rest of an invocation whose event was sent ahead. */
  async invokeBegun({ request, answered }: Begun): Promise<InvocationOutcome | undefined> {
    const startedAt = performance.now();
    this.sentAt = this.maker.clock.now();
    this.log.beginInvocation();
    this.log.platform({ type: 'start', requestId: request.requestId, traceHeader: request.traceHeader });
    this.log.takeTurn();
    return this.conclude(request, answered, startedAt, this.spec.timeoutSeconds * 1_000);
  }

  /** The second init, inside the invocation and under the function's timeout (runtime-api.md section 4). Opened, not initialised. */
  async invokeWithInit(request: InvocationRequest): Promise<InvocationOutcome | undefined> {
    const startedAt = performance.now();
    const limitMs = this.spec.timeoutSeconds * 1_000;
    this.sentAt = this.maker.clock.now();
    const deadline = this.sentAt + limitMs;
    this.log.beginInvocation();
    this.log.platform({ type: 'start', requestId: request.requestId, traceHeader: request.traceHeader });
    const init = await this.initResult(limitMs);
    this.reportInit(init, 'invoke', performance.now() - startedAt);
    if (init.kind === 'timeout') return this.finish(request, verdictOfTimeout(request), limitMs);
    if (init.kind !== 'ready') return this.finish(request, verdictOfInit(request, init), performance.now() - startedAt);
    this.opened().initialised();
    this.extensions.closeInit();
    this.to('busy');
    return this.conclude(request, this.send(request, deadline), startedAt, limitMs - (performance.now() - startedAt));
  }

  /** Ends the sandbox. May be called again; resolves when nothing is left of it. */
  destroy(): Promise<void> {
    this.destruction ??= this.remove();
    return this.destruction;
  }

  /** Nothing of the function has run when an ember cannot take it: it goes the ordinary way then. */
  private async takeEmber(ember: Ember, order: SandboxOrder): Promise<SandboxHandle> {
    try {
      return await ember.assign(order);
    } catch (error) {
      await ember.destroy();
      if (error instanceof ServiceError) throw error;
      return this.maker.driver.start(order);
    }
  }

  private async remove(): Promise<void> {
    this.to('draining');
    try {
      this.credentials?.then(
        ({ accessKeyId }) => this.maker.credentials!.revoke(accessKeyId),
        () => undefined, // None were issued.
      );
      await this.extensions.shutDown(this.shutdownReason);
      // A start under way cleans up behind itself.
      if (this.handle === undefined) await this.making;
      await this.handle?.destroy();
    } finally {
      this.log.close();
      this.extensions.close();
      this.to('gone');
    }
  }

  /**
   * Only while it is idle.
   * @returns false when it has to be tried again: the runtime has answered and does not wait for its next event yet
   */
  freeze(): boolean {
    if (this.handle === undefined || this.handle.channel.waits === false || this.settling !== undefined) return false;
    this.handle.freeze?.();
    this.frozen = this.handle.freeze !== undefined;
    return true;
  }

  thaw(): void {
    if (!this.frozen) return;
    this.frozen = false;
    this.handle!.thaw!();
  }

  private opened(): SandboxHandle {
    if (this.handle === undefined) throw new Error('The sandbox has not been opened');
    return this.handle;
  }

  private send(request: InvocationRequest, deadlineMs: number): Promise<ChannelAnswer> {
    this.sentAt = this.maker.clock.now();
    const { requestId, invokedFunctionArn } = request;
    if (this.extensions.present) this.extensions.invoke({ deadlineMs, requestId, invokedFunctionArn }, request.traceHeader);
    return this.opened().channel.invoke(this.event(request, deadlineMs));
  }

  private event(request: InvocationRequest, deadlineMs: number): ChannelEvent {
    return {
      id: request.requestId,
      deadlineMs,
      arn: request.invokedFunctionArn,
      traceId: request.traceHeader,
      clientContext: request.clientContext,
      cognitoIdentity: request.cognitoIdentity,
      tenantId: request.tenantId,
      body: request.payload,
      response: request.response,
    };
  }

  private async conclude(request: InvocationRequest, answered: Promise<ChannelAnswer>, startedAt: number, limitMs: number): Promise<InvocationOutcome | undefined> {
    const answer = await within(this.extensions.present ? this.orFailure(answered) : answered, limitMs);
    if (answer === 'timeout' || answer.kind === 'extension') this.opened().channel.expire(request.requestId);
    const durationMs = answer === 'timeout' ? this.spec.timeoutSeconds * 1_000 : performance.now() - startedAt;
    if (answer !== 'timeout' && answer.kind === 'closed') {
      if (answer.undelivered) return undefined;
      return this.finish(request, verdictOfExit(request.requestId, await this.exitAtLast(), this.spec.image), durationMs);
    }
    if (answer !== 'timeout' && answer.kind === 'extension') return this.finish(request, verdictOfExtension(request.requestId, answer.failure), durationMs);
    const verdict = answer === 'timeout' ? verdictOfTimeout(request) : verdictOfAnswer(answer);
    return this.finish(request, verdict, durationMs, limitMs - durationMs);
  }

  private orFailure(answered: Promise<ChannelAnswer>): Promise<ChannelAnswer | { kind: 'extension'; failure: ExtensionFailure }> {
    return Promise.race([answered, this.extensions.failed.then((failure) => ({ kind: 'extension' as const, failure }))]);
  }

  /** @param leftMs of the function's timeout, for the extensions */
  private finish(request: InvocationRequest, verdict: Verdict, durationMs: number, leftMs = 0): InvocationOutcome {
    const { status, errorType, payload } = verdict;
    // Nobody waits for the init of a provisioned sandbox.
    const coldStart = this.served === 0 && !this.provisioned;
    const handler: [number, number] = [this.sentAt, this.maker.clock.now()];
    const initDurationMs = coldStart ? this.initDurationMs : undefined;
    const rounded = Number(durationMs.toFixed(2));
    const billedDurationMs = billedDuration(rounded, initDurationMs);
    this.served += 1;
    if (verdict.ends) {
      this.retired = true;
      this.shutdownReason = status === 'timeout' ? 'timeout' : 'failure';
    }
    const report = { requestId: request.requestId, status, errorType, durationMs: rounded, billedDurationMs, initDurationMs };
    const outcome: InvocationOutcome = {
      status: status === 'failure' ? 'error' : status,
      payload,
      errorType,
      logTail: NO_TAIL,
      coldStart,
      ...(this.provisioned ? { provisioned: true } : {}),
      durationMs: rounded,
      billedDurationMs,
      initDurationMs,
      phases: coldStart ? { ...this.phases, handler } : { handler },
    };
    // Where the next event is in the sandbox already, its turn does not wait for the log.
    if (request.answerOnly === true && status === 'success' && !verdict.ends && !coldStart && !this.hasAhead && !this.extensions.present) this.settling = this.recordLater(verdict, report);
    else Object.assign(outcome, this.record(verdict, report, leftMs));
    return outcome;
  }

  /** After the answer is out. */
  private recordLater(verdict: Verdict, report: Omit<Report, 'maxMemoryUsedMb'>): Promise<void> {
    this.freeSoon = true;
    return new Promise((resolve) => {
      setImmediate(() => {
        this.freeSoon = false;
        this.settling = undefined;
        // Ended meanwhile: its log was closed.
        if (this.state === 'busy') this.record(verdict, report, 0);
        resolve();
      });
    });
  }

  /** END and REPORT, after what was printed. */
  private record(verdict: Verdict, { requestId, ...rest }: Omit<Report, 'maxMemoryUsedMb'>, leftMs: number): Pick<InvocationOutcome, 'logTail' | 'maxMemoryUsedMb'> {
    const handle = this.opened();
    handle.drainLog();
    const { status, errorType, durationMs } = rest;
    const maxMemoryUsedMb = verdict.oomKilled ? this.spec.memoryMb : Math.min(this.spec.memoryMb, handle.memoryHighWaterMb());
    const report = { requestId, ...rest, maxMemoryUsedMb };
    this.log.platform({ type: 'runtimeDone', requestId, status, errorType, durationMs, producedBytes: verdict.streamedBytes ?? verdict.payload.length });
    if (!verdict.ends && this.extensions.busy) this.settling = this.settle(report, leftMs);
    else this.log.platform({ type: 'report', ...report });
    return { logTail: this.log.endInvocation(), maxMemoryUsedMb };
  }

  private async settle(report: Report, leftMs: number): Promise<void> {
    const end = await this.extensions.conclude(report, leftMs);
    if (end !== undefined) {
      this.retired = true;
      this.shutdownReason = end;
    }
    this.settling = undefined;
  }

  private async initResult(limitMs: number): Promise<Initialised> {
    const result: ExtendedInit | 'timeout' = await within(this.extensions.initialised(this.opened().channel.init), limitMs);
    if (result === 'timeout') return { kind: 'timeout' };
    return result.kind === 'closed' ? { kind: 'exit', exit: await this.exitAtLast() } : result;
  }

  private reportInit(result: Initialised, phase: InitPhase, durationMs: number): void {
    const status = ({ ready: 'success', timeout: 'timeout', error: 'error', exit: 'failure', extension: 'error' } as const)[result.kind];
    const errorType = errorTypeOf(result, this.spec.image);
    this.log.platform({ type: 'initRuntimeDone', phase, status, errorType });
    this.log.platform({ type: 'initReport', phase, status, errorType, durationMs });
  }

  /** The exit status follows the end of the channel; a runtime that only closed its channel is killed. */
  private async exitAtLast(): Promise<SandboxExit> {
    const handle = this.opened();
    const exit = await within(handle.exit, EXIT_GRACE_MS);
    if (exit !== 'timeout') return exit;
    await handle.kill();
    return handle.exit;
  }
}

function givenUp(): InfrastructureError {
  return new InfrastructureError('The sandbox was given up while it was made');
}
