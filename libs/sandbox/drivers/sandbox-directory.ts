import { execFile } from 'node:child_process';
import { chmodSync, closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { chown, mkdir, rm, unlink, writeFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { TICKET_SLOTS, Tickets } from '../channel/tickets.js';

const run = promisify(execFile);
const MAX_SOCKET_PATH_BYTES = 107;
const DRAIN_BYTES = 64 * 1024;
/** A background thread that prints without end must not hold an answer back for ever. */
const MAX_DRAINS = 16;

/**
 * What a sandbox shares with the worker (mounted at /run/hearth in containers): `log`, `start` and ticket FIFOs, the `env` file and
 * `runtime.sock`.
 *
 * 1. A log line written before the response is read before the response is handed on: `drain` reads what is in the FIFO
 *    synchronously.
 * 2. `env` exists only from before the start until the runtime is initialised, readable by the sandbox's user alone.
 */
export class SandboxDirectory {
  private log: { fd: number; socket: Socket } | undefined;
  private startFd: number | undefined;
  private readonly buffer = Buffer.allocUnsafe(DRAIN_BYTES);
  private onLog: (chunk: Buffer) => void = () => undefined;

  private constructor(
    readonly path: string,
    private readonly user: { uid: number; gid: number },
    private readonly ownUid: number,
  ) {}

  /** For a channel that sends events ahead. */
  openTickets(): Tickets {
    return new Tickets(TICKET_SLOTS.map((name) => join(this.path, name)));
  }

  get socketPath(): string {
    return join(this.path, 'runtime.sock');
  }

  /**
   * @param gated with a `start` FIFO, on which the launcher waits for `release`
   * @throws RangeError when the path is too long for a socket
   */
  static async create(path: string, options: { gated: boolean; user: { uid: number; gid: number } }): Promise<SandboxDirectory> {
    const directory = new SandboxDirectory(path, options.user, process.getuid?.() ?? 0);
    if (Buffer.byteLength(directory.socketPath) > MAX_SOCKET_PATH_BYTES) throw new RangeError(`${directory.socketPath} is longer than a socket's path may be`);
    await mkdir(path, { recursive: true, mode: 0o755 });
    const fifos = ['log', ...TICKET_SLOTS, ...(options.gated ? ['start'] : [])].map((name) => join(path, name));
    await run('mkfifo', ['-m', '0600', ...fifos]);
    for (const fifo of fifos) await directory.giveAway(fifo);
    // Read and write: without a writer of our own the FIFO would report its end whenever the function's last writer closes.
    const flags = constants.O_RDWR | constants.O_NONBLOCK;
    const fd = openSync(fifos[0]!, flags);
    directory.log = { fd, socket: new Socket({ fd, readable: true, writable: false }) };
    directory.log.socket.on('data', (chunk: Buffer) => directory.onLog(chunk));
    directory.log.socket.on('error', () => directory.close());
    if (options.gated) directory.startFd = openSync(join(path, 'start'), flags);
    return directory;
  }

  listen(onLog: (chunk: Buffer) => void): void {
    this.onLog = onLog;
  }

  /** @param text as the sandbox's launcher reads it (shell-environment.ts) */
  async writeEnvironment(text: string): Promise<void> {
    const file = join(this.path, 'env');
    await writeFile(file, text, { mode: 0o400, flag: 'wx' });
    await this.giveAway(file);
  }

  async removeEnvironment(): Promise<void> {
    await unlink(join(this.path, 'env')).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }

  /** Lets the launcher go on. */
  release(): void {
    this.tell('go');
  }

  /** A line for the launcher, which reads them one by one; none after the directory is closed. */
  tell(word: string): void {
    if (this.startFd !== undefined) writeSync(this.startFd, `${word}\n`);
  }

  /** One more FIFO for the sandbox to write into, open for reading. @returns the descriptor, which is the caller's */
  async addFifo(name: string): Promise<number> {
    const path = join(this.path, name);
    await run('mkfifo', ['-m', '0600', path]);
    await this.giveAway(path);
    return openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  }

  drain(): void {
    if (this.log === undefined) return;
    for (let round = 0; round < MAX_DRAINS; round++) {
      const count = readNow(this.log.fd, this.buffer);
      if (count === 0) return;
      this.onLog(Buffer.from(this.buffer.subarray(0, count)));
      if (count < DRAIN_BYTES) return;
    }
  }

  /** The write end for a child process of the worker itself. */
  openLogForChild(): number {
    return openSync(join(this.path, 'log'), constants.O_WRONLY);
  }

  close(): void {
    const { log, startFd } = this;
    this.log = undefined;
    this.startFd = undefined;
    log?.socket.destroy();
    if (startFd !== undefined) closeSync(startFd);
  }

  async remove(): Promise<void> {
    this.close();
    await rm(this.path, { recursive: true, force: true });
  }

  private async giveAway(file: string): Promise<void> {
    if (this.ownUid === 0) await chown(file, this.user.uid, this.user.gid);
    else if (this.ownUid !== this.user.uid) chmodSync(file, 0o444);
  }
}

/** @returns 0 when there is nothing to read */
export function readNow(fd: number, buffer: Buffer): number {
  // An empty FIFO is the rule and Node throws for it; an error without its stack costs a third.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return readSync(fd, buffer, 0, DRAIN_BYTES, null);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0;
    throw error;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
