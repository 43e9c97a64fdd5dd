import type { Clock } from '@hearth/kernel';
import type { InitializationType } from '../function-environment.js';
import type { FunctionSpec } from '../function-spec.js';
import type { LogLine, LogSink } from '../log-sink.js';
import type { TelemetryHub } from '../telemetry-api/telemetry-hub.js';
import { LogAssembler } from './log-assembler.js';
import { LogTail } from './log-tail.js';
import { LogTurns } from './log-turns.js';
import { platformLines, platformRecord, type PlatformEvent } from './platform-log.js';

/**
 * The log of one sandbox: the function's records and the platform's in one order, handed to the sink after the answer.
 * What the function prints is never read: a printed REPORT is a line like any other.
 */
export class SandboxLog {
  private readonly assembler = new LogAssembler((text) => this.add(text, 'function'));
  private readonly turns = new LogTurns((bytes) => this.assembler.push(bytes));
  /** Whether the runtime was ever sent an event ahead of its turn: only then there are marks. */
  private marked = false;
  private extensions: LogAssembler | undefined;
  private waiting: LogLine[] = [];
  private scheduled = false;
  private tail: LogTail | undefined;

  constructor(
    private readonly spec: FunctionSpec,
    readonly stream: string,
    private readonly sink: LogSink,
    private readonly clock: Clock,
    private readonly initializationType: InitializationType = 'on-demand',
    private readonly telemetry?: TelemetryHub,
  ) {}

  /** Bytes of stdout and stderr. */
  receive(chunk: Buffer): void {
    if (this.marked) this.turns.push(chunk);
    else this.assembler.push(chunk);
  }

  /** What the runtime writes when it begins an event that was sent ahead. */
  mark(): string {
    this.marked = true;
    return this.turns.mark;
  }

  /** Bytes of stdout and stderr of the external extensions. */
  receiveFromExtensions(chunk: Buffer): void {
    this.extensions ??= new LogAssembler((text) => this.add(text, 'extension'));
    this.extensions.push(chunk);
  }

  platform(event: PlatformEvent): void {
    this.flush();
    if (this.telemetry?.collecting) this.telemetry.add(`platform.${event.type}`, this.recordOf(event));
    for (const line of platformLines(event, this.spec, this.clock.now(), this.initializationType)) this.add(line);
  }

  /** From here on lines belong to an invocation. */
  beginInvocation(): void {
    this.flush();
    this.tail = new LogTail();
  }

  /** So do those that the function wrote since its mark: its event was sent ahead. */
  takeTurn(): void {
    this.turns.next();
  }

  /** @returns the last 4 KB of the invocation's log */
  endInvocation(): Buffer {
    this.flush();
    const bytes = this.tail?.bytes() ?? Buffer.alloc(0);
    this.tail = undefined;
    return bytes;
  }

  /** Everything to the sink, now: the sandbox ends. */
  close(): void {
    this.flush();
    this.extensions?.flush();
    this.handOver();
  }

  private flush(): void {
    this.turns.flush();
    this.assembler.flush();
  }

  private recordOf(event: PlatformEvent): Record<string, unknown> {
    const record = platformRecord(event, this.spec, this.initializationType);
    if (event.type !== 'start' || event.traceHeader === undefined) return record;
    return { ...record, tracing: { spanId: /(?:^|;)\s*Parent=([^;]*)/.exec(event.traceHeader)?.[1], type: 'X-Amzn-Trace-Id', value: event.traceHeader } };
  }

  /** @param source absent: the platform, whose events subscribers get as records */
  private add(text: string, source?: 'function' | 'extension'): void {
    if (source !== undefined && this.telemetry?.collecting) this.telemetry.add(source, this.spec.logFormat === 'JSON' && source === 'function' ? parsed(text) : text);
    this.waiting.push({ time: this.clock.now(), text });
    this.tail?.add(text);
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => this.handOver());
  }

  private handOver(): void {
    this.scheduled = false;
    if (this.waiting.length === 0) return;
    const lines = this.waiting;
    this.waiting = [];
    this.sink.write(this.spec, this.stream, lines);
  }
}

/** JSON logs reach subscribers as objects; whatever else was printed stays text. */
function parsed(text: string): unknown {
  if (!text.startsWith('{')) return text;
  try {
    return JSON.parse(text);
  } catch {
    // A line that only looks like an object.
    return text;
  }
}

/** `YYYY/MM/DD/[VERSION]32HEX`, one per sandbox (invoke.md section 3). */
export function logStreamName(version: string, sandboxId: string, epochMs: number): string {
  const [date] = new Date(epochMs).toISOString().split('T');
  return `${date!.replaceAll('-', '/')}/[${version}]${sandboxId}`;
}
