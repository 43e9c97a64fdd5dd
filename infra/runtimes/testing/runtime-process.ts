import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, closeSync, constants, mkdirSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { projectRoot } from '@hearth/kernel';

const DEADLINE_MS = 20_000;
const READY = 1;
const INVOKE = 16;

export interface ReceivedFrame {
  type: number;
  header: { id?: string; errorType?: string; exits?: boolean; contentType?: string };
  body: Buffer;
  /** Everything the runtime had written to its log when the frame arrived, since the frame before. */
  log: string;
}

export interface RuntimeOptions {
  /** File name to content, relative to the task root. */
  files: Record<string, string>;
  /** Absolute path of the bootstrap; absent: looked up in the task root. */
  bootstrap?: string;
  handler?: string;
  environment?: Record<string, string>;
  executable?: string[];
  /** With a `start` FIFO, on which the launcher waits for `release`. */
  gated?: boolean;
}

const assets = join(projectRoot(), 'infra/runtimes');

/**
 * A runtime client as a real process under the real launcher, with this object in the place of the worker: the sandbox
 * directory with its log FIFO and environment file, and the socket.
 */
export class RuntimeProcess {
  private readonly frames: ReceivedFrame[] = [];
  private waiting: (() => void) | undefined;
  private socket: Socket | undefined;
  private pending: Buffer = Buffer.alloc(0);
  private requests = 0;
  private stopped = false;
  private exit: { code: number | null; signal: NodeJS.Signals | null } | undefined;

  private constructor(
    readonly directory: string,
    private readonly server: Server,
    private readonly log: number,
    readonly child: ChildProcess,
  ) {}

  static async start(options: RuntimeOptions): Promise<RuntimeProcess> {
    const directory = mkdtempSync(join(tmpdir(), 'hearth-rt-'));
    const task = join(directory, 'task');
    for (const [name, content] of Object.entries({ '.keep': '', ...options.files })) {
      mkdirSync(dirname(join(task, name)), { recursive: true });
      writeFileSync(join(task, name), content);
    }
    for (const name of options.executable ?? []) chmodSync(join(task, name), 0o755);
    execFileSync('mkfifo', [join(directory, 'log')]);
    const log = openSync(join(directory, 'log'), constants.O_RDWR | constants.O_NONBLOCK);
    if (options.gated) execFileSync('mkfifo', [join(directory, 'start')]);
    writeEnvironment(directory, task, options);

    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(directory, 'runtime.sock'), resolve));
    const child = spawn('/bin/sh', [join(assets, 'launch.sh')], {
      env: { PATH: process.env.PATH, HEARTH_SANDBOX_DIR: directory, ...(options.bootstrap ? { HEARTH_BOOTSTRAP: options.bootstrap } : {}) },
      stdio: 'ignore',
      detached: true,
    });
    const runtime = new RuntimeProcess(directory, server, log, child);
    server.on('connection', (socket) => runtime.accept(socket));
    child.on('exit', (code, signal) => {
      // The news of the exit overtakes what the runtime sent last.
      void runtime.lastWords().then(() => {
        runtime.exit = { code, signal };
        runtime.waiting?.();
      });
    });
    return runtime;
  }

  private accept(socket: Socket): void {
    this.socket = socket;
    // A runtime that dies resets its connection; the exit is what the tests look at.
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      this.pending = Buffer.concat([this.pending, chunk]);
      while (this.pending.length >= 4 && this.pending.length >= 4 + this.pending.readUInt32BE(0)) {
        const end = 4 + this.pending.readUInt32BE(0);
        const headEnd = 9 + this.pending.readUInt32BE(5);
        this.frames.push({
          type: this.pending[4]!,
          header: JSON.parse(this.pending.toString('utf8', 9, headEnd)) as ReceivedFrame['header'],
          body: this.pending.subarray(headEnd, end),
          log: this.drainLog(),
        });
        this.pending = this.pending.subarray(end);
      }
      this.waiting?.();
    });
  }

  private async lastWords(): Promise<void> {
    for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
    const socket = this.socket;
    if (socket !== undefined && !socket.destroyed && !socket.readableEnded) await new Promise((resolve) => socket.once('close', resolve));
  }

  drainLog(): string {
    const buffer = Buffer.alloc(256 * 1024);
    try {
      return buffer.toString('utf8', 0, readSync(this.log, buffer));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return '';
      throw error;
    }
  }

  /** Resolves when the runtime's process waits in read(2) for its next event: not in an event loop. */
  async isBlocked(): Promise<void> {
    const end = Date.now() + DEADLINE_MS;
    const [runtime] = readFileSync(`/proc/${this.child.pid}/task/${this.child.pid}/children`, 'utf8').split(' ');
    const read = process.arch === 'arm64' ? '63 ' : '0 ';
    while (!readFileSync(`/proc/${runtime}/syscall`, 'utf8').startsWith(read)) {
      if (Date.now() > end) throw new Error(`the runtime does not wait in read(2) within ${DEADLINE_MS} ms`);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** The next frame; rejects when the process ends without one, or at the deadline. */
  async frame(): Promise<ReceivedFrame> {
    await this.until(() => this.frames.length > 0 || this.exit !== undefined);
    const frame = this.frames.shift();
    if (frame === undefined) throw new Error(`the runtime exited with ${JSON.stringify(this.exit)}: ${this.drainLog()}`);
    return frame;
  }

  async ready(): Promise<ReceivedFrame> {
    const frame = await this.frame();
    if (frame.type !== READY) throw new Error(`frame ${frame.type} instead of READY: ${frame.body.toString()}${frame.log}`);
    return frame;
  }

  send(event: string | Buffer, header: Record<string, unknown> = {}): string {
    const id = `00000000-0000-4000-8000-${String(++this.requests).padStart(12, '0')}`;
    const arn = 'arn:aws:lambda:eu-west-1:123456789012:function:probe';
    const head = Buffer.from(JSON.stringify({ id, deadlineMs: Date.now() + 3000, arn, traceId: 'Root=1-2-3;Sampled=0', ...header }));
    const body = Buffer.from(event);
    const prefix = Buffer.alloc(9);
    prefix.writeUInt32BE(5 + head.length + body.length, 0);
    prefix[4] = INVOKE;
    prefix.writeUInt32BE(head.length, 5);
    this.socket!.write(Buffer.concat([prefix, head, body]));
    return id;
  }

  async invoke(event: unknown = {}, header: Record<string, unknown> = {}): Promise<ReceivedFrame & { id: string; json: any }> {
    const id = this.send(JSON.stringify(event), header);
    const frame = await this.frame();
    const text = frame.body.toString();
    return { ...frame, id, json: text === '' ? undefined : JSON.parse(text) };
  }

  async exited(): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    await this.until(() => this.exit !== undefined);
    return this.exit!;
  }

  /** Reads nothing of what the runtime sends. */
  pause(): void {
    this.socket!.pause();
  }

  resume(): void {
    this.socket!.resume();
  }

  hangUp(): void {
    this.socket!.end();
  }

  private async until(condition: () => boolean): Promise<void> {
    if (condition()) return;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`nothing within ${DEADLINE_MS} ms; log: ${this.drainLog()}`)), DEADLINE_MS);
      this.waiting = () => {
        if (!condition()) return;
        clearTimeout(timer);
        this.waiting = undefined;
        resolve();
      };
    });
  }

  /** Opens the gate of a gated start. */
  release(): void {
    writeFileSync(join(this.directory, 'start'), 'go\n');
  }

  /** Settles once the log holds `text`; returns everything read until then. */
  async logged(text: string): Promise<string> {
    let log = '';
    const deadline = Date.now() + DEADLINE_MS;
    while (!log.includes(text)) {
      if (Date.now() > deadline) throw new Error(`no ${JSON.stringify(text)} in the log: ${log}`);
      log += this.drainLog();
      await new Promise((resolve) => setImmediate(resolve));
    }
    return log;
  }

  /** Ends the process and removes its directory; may be called again. */
  async stop(): Promise<void> {
    if (this.stopped) return;
    this.stopped = true;
    if (this.exit === undefined) {
      // The launcher and the runtime below it.
      process.kill(-this.child.pid!, 'SIGKILL');
      await this.exited();
    }
    this.socket?.destroy();
    await new Promise((resolve) => this.server.close(resolve));
    closeSync(this.log);
    rmSync(this.directory, { recursive: true, force: true });
  }
}

function writeEnvironment(directory: string, task: string, options: RuntimeOptions): void {
  const environment: Record<string, string> = {
    _HANDLER: options.handler ?? 'index.handler',
    LAMBDA_TASK_ROOT: task,
    HEARTH_RUNTIME_SOCKET: join(directory, 'runtime.sock'),
    AWS_LAMBDA_FUNCTION_NAME: 'probe',
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128',
    AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/probe',
    AWS_LAMBDA_LOG_STREAM_NAME: '2026/01/02/[$LATEST]0123456789abcdef0123456789abcdef',
    ...options.environment,
  };
  const lines = Object.entries(environment).map(([name, value]) => `export ${name}='${value.replaceAll("'", `'\\''`)}'\n`);
  writeFileSync(join(directory, 'env'), lines.join(''), { mode: 0o400 });
}

export function assetPath(name: string): string {
  return join(assets, name);
}
