import type { Clock } from '@hearth/kernel';
import type { InitializationType } from '../function-environment.js';
import type { FunctionSpec } from '../function-spec.js';
import type { LogLine, LogSink } from '../log-sink.js';
import { LogAssembler } from './log-assembler.js';
import { LogTail } from './log-tail.js';
import { LogTurns } from './log-turns.js';
import { platformLines, type PlatformEvent } from './platform-log.js';

/**
 * The log of one sandbox: the function's records and the platform's in one order, handed to the sink after the answer.
 * What the function prints is never read: a printed REPORT is a line like any other.
 */
export class SandboxLog {
  private readonly assembler = new LogAssembler((text) => this.add(text));
  private readonly turns = new LogTurns((bytes) => this.assembler.push(bytes));
  /** Whether the runtime was ever sent an event ahead of its turn: only then there are marks. */
  private marked = false;
  private waiting: LogLine[] = [];
  private scheduled = false;
  private tail: LogTail | undefined;

  constructor(
    private readonly spec: FunctionSpec,
    readonly stream: string,
    private readonly sink: LogSink,
    private readonly clock: Clock,
    private readonly initializationType: InitializationType = 'on-demand',
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

  platform(event: PlatformEvent): void {
    this.flush();
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
    this.handOver();
  }

  private flush(): void {
    this.turns.flush();
    this.assembler.flush();
  }

  private add(text: string): void {
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

/** `YYYY/MM/DD/[VERSION]32HEX`, one per sandbox (invoke.md section 3). */
export function logStreamName(version: string, sandboxId: string, epochMs: number): string {
  const [date] = new Date(epochMs).toISOString().split('T');
  return `${date!.replaceAll('-', '/')}/[${version}]${sandboxId}`;
}
