/**
 * A server that belongs to the platform but runs as a process of its own.
 *
 * Invariants:
 * 1. It has its own session and its output goes to a file: neither the terminal's SIGINT nor the platform's death by SIGKILL ends it, so the
 *    platform drains first and a later life finds it.
 * 2. What a former life left is adopted when it answers, and stopped otherwise; it is never started twice on the same data.
 * 3. When it dies unasked it is started again, with growing waits, until `stop`.
 */
import { spawn } from 'node:child_process';
import { open, readFile, stat, truncate } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { OperatorError } from '@hearth/kernel';

/** Any pino logger fits. */
export interface EmbeddedLogger {
  info(message: string): void;
  warn(message: string): void;
}

export interface EmbeddedServer {
  /** Connection URL with the generated password. */
  url: string;
  /** Process id now; another after a restart. */
  readonly pid: number;
  stop(): Promise<void>;
}

export interface ServerCommand {
  /** For messages: "Postgres". */
  name: string;
  file: string;
  args: readonly string[];
  directory: string;
  logFile: string;
  environment: Record<string, string>;
  /** Run as this user (the platform is root then). */
  account?: { uid: number; gid: number };
  /** Signal for an orderly end, and the one for an end without ado. */
  stopSignals: readonly [NodeJS.Signals, NodeJS.Signals];
  /** Throws while the server does not take requests yet. */
  probe(): Promise<void>;
  /** The process of a former life on the same data, if it is alive. */
  leftover(): Promise<number | undefined>;
}

const READY_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 30_000;
const POLL_MS = 20;
const WATCH_MS = 1_000;
const MAX_RESTART_WAIT_MS = 30_000;
const MAX_LOG_BYTES = 16 * 1024 * 1024;

export class ServerProcess {
  private current = 0;
  private stopping = false;
  private readonly cancelled = new AbortController();
  private watching: Promise<void> | undefined;

  private constructor(
    private readonly command: ServerCommand,
    private readonly logger: EmbeddedLogger,
  ) {}

  /** @throws OperatorError with the server's own last words when it does not start */
  static async start(command: ServerCommand, logger: EmbeddedLogger): Promise<ServerProcess> {
    const server = new ServerProcess(command, logger);
    await server.launch();
    server.watching = server.watch();
    return server;
  }

  get pid(): number {
    return this.current;
  }

  /** An orderly end; after 30 s a hard one. Resolves when the process is gone. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.cancelled.abort();
    await this.watching;
    await endProcess(this.current, this.command.stopSignals);
  }

  private async launch(): Promise<void> {
    const leftover = await this.command.leftover();
    if (leftover !== undefined) {
      if (await this.answers()) {
        this.logger.info(`${this.command.name} of a former life (pid ${leftover}) is used again`);
        this.current = leftover;
        return;
      }
      this.logger.warn(`${this.command.name} of a former life (pid ${leftover}) does not answer and is stopped`);
      await endProcess(leftover, this.command.stopSignals);
    }
    await this.spawn();
  }

  private async answers(): Promise<boolean> {
    return this.command.probe().then(
      () => true,
      () => false, // Why it does not answer stands in its own log.
    );
  }

  private async spawn(): Promise<void> {
    const { command } = this;
    const offset = await prepareLog(command.logFile);
    const log = await open(command.logFile, 'a', 0o640);
    const child = spawn(command.file, [...command.args], {
      cwd: command.directory,
      env: command.environment,
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      ...(command.account ? { uid: command.account.uid, gid: command.account.gid } : {}),
    });
    let failure: string | undefined;
    child.once('error', (error) => (failure = error.message));
    child.once('exit', (code, signal) => (failure ??= `it ended with ${signal ?? `status ${code}`}`));
    child.unref();
    await log.close();
    const deadline = Date.now() + READY_DEADLINE_MS;
    while (!(await this.answers())) {
      if (failure !== undefined) throw new OperatorError(`${command.name} does not start: ${failure}. ${await lastWords(command.logFile, offset)}`.trim(), `Look into ${command.logFile}.`);
      if (Date.now() > deadline) {
        await endProcess(child.pid!, command.stopSignals);
        throw new OperatorError(`${command.name} was not ready within ${READY_DEADLINE_MS / 1000} s.`, `Look into ${command.logFile}.`);
      }
      await delay(POLL_MS);
    }
    this.current = child.pid!;
  }

  /** Polls, because an adopted process is nobody's child and tells nobody of its end. */
  private async watch(): Promise<void> {
    let wait = WATCH_MS;
    while (!this.stopping) {
      await delay(wait, undefined, { signal: this.cancelled.signal, ref: false }).catch(() => undefined); // Rejects only when stop() aborts it.
      if (this.stopping || isAlive(this.current)) {
        wait = WATCH_MS;
        continue;
      }
      this.logger.warn(`${this.command.name} (pid ${this.current}) died and is started again`);
      try {
        await this.launch();
      } catch (error) {
        wait = Math.min(wait * 2, MAX_RESTART_WAIT_MS);
        this.logger.warn(`${error instanceof Error ? error.message : String(error)} Tried again in ${wait / 1000} s.`);
      }
    }
  }
}

/** False also for a zombie, which is only waiting for its parent to look. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Command line of a process, or undefined when there is no such process. */
export async function commandLine(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''); // It does not exist, which is the answer.
  return text === '' ? undefined : text.replaceAll('\0', ' ');
}

async function endProcess(pid: number, [orderly, atOnce]: readonly [NodeJS.Signals, NodeJS.Signals]): Promise<void> {
  for (const signal of [orderly, atOnce, 'SIGKILL'] as const) {
    if (!isAlive(pid)) return;
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ESRCH') return;
      throw error;
    }
    const deadline = Date.now() + STOP_DEADLINE_MS;
    while (isAlive(pid) && Date.now() < deadline) await delay(POLL_MS);
  }
}

/** Empties a log that grew too large; returns where the new output begins. */
async function prepareLog(path: string): Promise<number> {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0, // Not there yet.
  );
  if (size <= MAX_LOG_BYTES) return size;
  await truncate(path);
  return 0;
}

async function lastWords(path: string, offset: number): Promise<string> {
  const text = (await readFile(path)).subarray(offset).toString('utf8');
  const lines = text.split('\n').filter((line) => /FATAL|ERROR|PANIC|HINT|error/i.test(line));
  return lines
    .slice(-2)
    .map((line) => line.replace(/^.*?(?=FATAL|ERROR|PANIC|HINT)/, '').trim())
    .join(' ');
}
