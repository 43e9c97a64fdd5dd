/**
 * Function logs as files, one JSON record a line: `ROOT/ACCOUNT/FUNCTION.log`.
 *
 * Invariants:
 * 1. `write` never blocks and never throws: records are queued and appended in the background.
 * 2. Records of one function keep their order.
 * 3. The queue is bounded; what does not fit is counted and a record says how many were dropped.
 * 4. A file that reached its cap is renamed to `.log.1` (replacing the former one), so a function fills at most two caps.
 */
import { appendFile, mkdir, rename, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { FunctionSpec, LogLine, LogSink } from '@hearth/sandbox';

const MAX_QUEUED_BYTES = 32 * 1024 * 1024;
const MAX_FILE_BYTES = 64 * 1024 * 1024;
/** Records wait this long for company: one append costs more than an invocation. A kill -9 loses at most these. */
const COALESCE_MS = 20;

interface LogFile {
  path: string;
  pending: string[];
  /** Bytes on disk; unknown until the file was looked at. */
  size?: number;
  dropped: number;
}

export class FunctionLogFiles implements LogSink {
  private readonly files = new Map<string, LogFile>();
  private queuedBytes = 0;
  private flushing: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly options: {
      root: string;
      /** Called when a file cannot be written; the records of that batch are lost and counted. */
      onError(error: unknown): void;
      maxFileBytes?: number;
    },
  ) {}

  write(spec: FunctionSpec, logStream: string, lines: readonly LogLine[]): void {
    const path = join(this.options.root, spec.accountId, `${spec.functionName}.log`);
    let file = this.files.get(path);
    if (file === undefined) this.files.set(path, (file = { path, pending: [], dropped: 0 }));
    for (const line of lines) {
      const record = `${JSON.stringify({ time: line.time, functionName: spec.functionName, logStream, text: line.text })}\n`;
      if (this.queuedBytes + record.length > MAX_QUEUED_BYTES) {
        file.dropped++;
        continue;
      }
      file.pending.push(record);
      this.queuedBytes += record.length;
    }
    this.schedule();
  }

  /** Resolves when everything written so far is on disk or reported as lost. */
  async flush(): Promise<void> {
    while (this.flushing !== undefined || this.timer !== undefined) {
      this.begin();
      await this.flushing;
    }
  }

  private schedule(): void {
    if (this.flushing === undefined) this.timer ??= setTimeout(() => this.begin(), COALESCE_MS);
  }

  private begin(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.flushing ??= this.appendAll().finally(() => {
      this.flushing = undefined;
      if (this.withPending().length > 0) this.schedule();
    });
  }

  private async appendAll(): Promise<void> {
    for (const file of this.withPending()) await this.append(file).catch(this.options.onError);
  }

  private withPending(): LogFile[] {
    return [...this.files.values()].filter((file) => file.pending.length > 0 || file.dropped > 0);
  }

  private async append(file: LogFile): Promise<void> {
    const records = file.pending;
    file.pending = [];
    const text = records.join('');
    this.queuedBytes -= text.length;
    const notice = file.dropped > 0 ? `${JSON.stringify({ time: Date.now(), text: `${file.dropped} log records were dropped: the disk is too slow` })}\n` : '';
    file.dropped = 0;
    if (file.size === undefined) {
      await mkdir(dirname(file.path), { recursive: true, mode: 0o700 });
      file.size = await stat(file.path).then(
        (found) => found.size,
        () => 0, // Not there yet.
      );
    }
    const data = Buffer.from(text + notice);
    if (file.size > 0 && file.size + data.length > (this.options.maxFileBytes ?? MAX_FILE_BYTES)) {
      await rename(file.path, `${file.path}.1`);
      file.size = 0;
    }
    await appendFile(file.path, data, { mode: 0o600 });
    file.size += data.length;
  }
}
