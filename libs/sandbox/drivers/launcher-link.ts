import { readdir } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import type { ExtensionsPort } from '../extensions/extensions-port.js';
import { LogAssembler } from '../logs/log-assembler.js';
import { readNow, type SandboxDirectory } from './sandbox-directory.js';

/** A layer with this file switches extensions off (runtime-api.md section 2). */
const SWITCH_OFF = 'disable-extensions-jwigqn8j';
const READ_BYTES = 64 * 1024;
const MAX_READS = 64;

/** Whether a layers directory holds external extensions. */
export async function holdsExtensions(layersPath: string | undefined): Promise<boolean> {
  if (layersPath === undefined) return false;
  try {
    const entries = await readdir(join(layersPath, 'extensions'), { withFileTypes: true });
    if (!entries.some((entry) => entry.isFile())) return false;
    return !(await readdir(layersPath)).includes(SWITCH_OFF);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return false;
    throw error;
  }
}

/**
 * The launcher's side of external extensions, through two FIFOs in the sandbox's directory: `extensions`, on which it tells what it starts and
 * what ended, a line each (docs/extensions.md), and `extension-log` for what they print. Only sandboxes with extensions have them.
 */
export class LauncherLink {
  /** Settles with the runtime's exit status, as a shell gives it. */
  readonly runtimeEnded: Promise<number>;
  private settle!: (status: number) => void;
  private readonly pipes: { fd: number; socket: Socket; take(chunk: Buffer): void }[] = [];

  private constructor(
    private readonly directory: SandboxDirectory,
    private readonly port: ExtensionsPort,
  ) {
    this.runtimeEnded = new Promise((resolve) => (this.settle = resolve));
  }

  static async open(directory: SandboxDirectory, port: ExtensionsPort): Promise<LauncherLink> {
    const link = new LauncherLink(directory, port);
    const [control, log] = await Promise.all([directory.addFifo('extensions'), directory.addFifo('extension-log')]);
    const lines = new LogAssembler((line) => link.heard(line));
    link.listen(control, (chunk) => lines.push(chunk));
    link.listen(log, (chunk) => port.onLog(chunk));
    return link;
  }

  startRuntime(): void {
    this.directory.tell('run');
  }

  signalRuntime(signal: 'TERM' | 'KILL'): void {
    this.directory.tell(signal);
  }

  close(): void {
    for (const { fd, socket, take } of this.pipes) {
      if (socket.destroyed) continue;
      drain(fd, take);
      socket.destroy();
    }
  }

  private listen(fd: number, take: (chunk: Buffer) => void): void {
    const socket = new Socket({ fd, readable: true, writable: false });
    socket.on('data', take);
    socket.on('error', () => socket.destroy());
    this.pipes.push({ fd, socket, take });
  }

  /** Whatever else is written there comes from the function itself and means nothing. */
  private heard(line: string): void {
    const [, word, rest = ''] = /^(\w+) ?(.*)$/.exec(line) ?? [];
    const [, number, name = ''] = /^(\d+) ?(.*)$/.exec(rest) ?? [];
    if (word === 'launching' && rest !== '') this.port.launching(rest);
    else if (word === 'launched') this.port.allLaunched();
    else if (word === 'unusable') this.port.cannotStart(rest, 'exec format error');
    else if (word === 'exited' && name !== '') this.port.exited(name, Number(number));
    else if (word === 'runtime' && number !== undefined) this.settle(Number(number));
  }
}

function drain(fd: number, take: (chunk: Buffer) => void): void {
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  for (let round = 0; round < MAX_READS; round++) {
    const count = readNow(fd, buffer);
    if (count === 0) return;
    take(Buffer.from(buffer.subarray(0, count)));
  }
}
