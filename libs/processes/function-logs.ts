import type { Guard } from '@hearth/iam';
import { createLogWriter, type LogTrouble, type LogWriter } from '@hearth/logs';
import type { Database } from '@hearth/database';
import { systemClock } from '@hearth/kernel';
import type { LogSink } from '@hearth/sandbox';
import type { Telemetry } from '@hearth/telemetry';

/** Lines that Postgres did not take by then are lost when a worker ends. */
const CLOSE_GRACE_MS = 10_000;
/** How often the operator is told of a function whose role does not let it log. */
const DENIAL_INTERVAL_MS = 60_000;
const MAX_KNOWN_DENIALS = 10_000;

export interface FunctionLogsParts {
  database: Database;
  telemetry: Pick<Telemetry, 'logger' | 'metrics'>;
  guard: Pick<Guard, 'allows'>;
  region: string;
}

/** Where the sandboxes of this process log: into the group of the function's LoggingConfig, in the background, as far as its role allows. */
export class FunctionLogs implements LogSink {
  private readonly writer: LogWriter;
  /** When the operator was told of a function for the last time. */
  private readonly denials = new Map<string, number>();

  constructor(private readonly parts: FunctionLogsParts) {
    const { database, guard, region } = parts;
    this.writer = createLogWriter({
      database,
      clock: systemClock,
      rights: (accountId, roleArn, permission) => guard.allows({ accountId, principalArn: roleArn }, permission, { secure: true, now: systemClock.now(), region }),
      report: (trouble) => this.tell(trouble),
    });
  }

  readonly write: LogSink['write'] = ({ accountId, region, logGroup, logFormat, functionName, role }, stream, lines) => {
    // In text each record ends its line; a JSON record is the object alone.
    const end = logFormat === 'Text' ? '\n' : '';
    const events = lines.map(({ time, text }) => ({ timestamp: time, message: text + end }));
    this.writer.write({ place: { accountId, region }, group: logGroup, stream }, { functionName, roleArn: role }, events);
  };

  /** After the last sandbox, before Postgres is let go. */
  close(): Promise<void> {
    return this.writer.close(CLOSE_GRACE_MS);
  }

  private tell(trouble: LogTrouble): void {
    const { logger } = this.parts.telemetry;
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
        return;
      case 'denied':
        this.tellDenied(trouble);
    }
  }

  private tellDenied({ accountId, owner, action, group, lines }: Extract<LogTrouble, { kind: 'denied' }>): void {
    const { logger, metrics } = this.parts.telemetry;
    metrics.logLinesDenied(accountId, owner.functionName, lines);
    const key = `${accountId} ${owner.functionName}`;
    const now = systemClock.now();
    if (now - (this.denials.get(key) ?? -Infinity) < DENIAL_INTERVAL_MS) return;
    if (this.denials.size >= MAX_KNOWN_DENIALS) this.denials.clear();
    this.denials.set(key, now);
    const about = { accountId, functionName: owner.functionName, role: owner.roleArn, action, logGroup: group };
    logger.warn(about, 'The execution role of a function does not let it log: its lines are not stored (attach AWSLambdaBasicExecutionRole)');
  }
}
