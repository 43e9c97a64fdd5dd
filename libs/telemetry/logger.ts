import pino, { type DestinationStream, type Logger } from 'pino';

export type { Logger } from 'pino';

/** Names of members that never reach the log, at any of the first three levels of an object. */
const SECRETS = [
  'authorization',
  'Authorization',
  'secretAccessKey',
  'SecretAccessKey',
  'sessionToken',
  'SessionToken',
  'password',
  'masterKey',
  'fleetSecret',
  'environment',
  'Environment',
  'HEARTH_MASTER_KEY',
  'HEARTH_FLEET_SECRET',
  'HEARTH_S3_SECRET_ACCESS_KEY',
  'DATABASE_URL',
  'REDIS_URL',
  'x-amz-security-token',
];

export interface LoggerOptions {
  service: string;
  level: string;
  /** Tells two lives of one process apart. */
  incarnation?: string;
  /** Default: standard output. */
  destination?: DestinationStream;
}

/** The platform's log: one JSON object a line with an ISO time, on standard output, without secrets. */
export function createLogger(options: LoggerOptions): Logger {
  return pino(
    {
      level: options.level,
      base: { service: options.service, pid: process.pid, ...(options.incarnation === undefined ? {} : { incarnation: options.incarnation }) },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRETS.flatMap((name) => ['', '*', '*.*'].map((prefix) => path(prefix, name))), censor: '[redacted]' },
    },
    options.destination ?? pino.destination({ dest: 1, sync: true }),
  );
}

function path(prefix: string, name: string): string {
  if (!/^\w+$/.test(name)) return `${prefix}["${name}"]`;
  return prefix === '' ? name : `${prefix}.${name}`;
}
