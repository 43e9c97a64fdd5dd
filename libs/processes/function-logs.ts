import { createLogWriter, type LogTrouble, type LogWriter } from '@hearth/logs';
import type { Database } from '@hearth/database';
import { systemClock } from '@hearth/kernel';
import type { LogSink } from '@hearth/sandbox';
import type { Logger } from '@hearth/telemetry';

/** Lines that Postgres did not take by then are lost when a worker ends. */
const CLOSE_GRACE_MS = 10_000;

/** Where the sandboxes of this process log: into the group of the function's LoggingConfig, in the background. */
export class FunctionLogs implements LogSink {
  private readonly writer: LogWriter;

  constructor(database: Database, logger: Logger) {
    this.writer = createLogWriter({ database, clock: systemClock, report: (trouble) => tell(logger, trouble) });
  }

  readonly write: LogSink['write'] = ({ accountId, region, logGroup, logFormat }, stream, lines) => {
    // In text each record ends its line; a JSON record is the object alone.
    const end = logFormat === 'Text' ? '\n' : '';
    this.writer.write({ place: { accountId, region }, group: logGroup, stream }, lines.map(({ time, text }) => ({ timestamp: time, message: text + end })));
  };

  /** After the last sandbox, before Postgres is let go. */
  close(): Promise<void> {
    return this.writer.close(CLOSE_GRACE_MS);
  }
}

function tell(logger: Logger, trouble: LogTrouble): void {
  switch (trouble.kind) {
    case 'delayed':
      logger.error({ err: trouble.error }, 'Function logs cannot be stored; they wait in memory');
      return;
    case 'recovered':
      logger.warn('Function logs are stored again');
      return;
    case 'overflowing':
      logger.error('Function logs are being lost: they come faster than Postgres takes them');
      return;
    case 'lost':
      logger.error({ lines: trouble.lines, err: trouble.error }, 'Lines of function logs are lost');
  }
}
