import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import { InfrastructureError, ServiceError } from '@hearth/kernel';
import { HttpChannel } from '../channel/http-channel.js';
import type { RuntimeChannel } from '../channel/runtime-channel.js';
import { SocketChannel } from '../channel/socket-channel.js';
import { ExtensionEndpoint } from '../extensions/extension-endpoint.js';
import { functionEnvironment, type FunctionCredentials } from '../function-environment.js';
import type { RuntimeCatalogue, RuntimeEntry } from '../runtime-catalogue.js';
import { shellEnvironment } from '../shell-environment.js';
import type { DriverReport, OrphanReport, SandboxDriver, SandboxExit, SandboxHandle, SandboxOrder } from '../sandbox-driver.js';
import { exitFromShell } from './exit-status.js';
import { endProcess, processIds } from './host-processes.js';
import { entriesOf, removeDirectoriesOfFormerLives, removeOwnDirectory } from './orphans.js';
import { controlRoot, ownerOf, type Owner } from './owner.js';
import { SandboxDirectory } from './sandbox-directory.js';

const WARNING = 'Sandboxes are plain processes: functions are NOT isolated from this machine, from each other or from Hearth, and no limit holds. For development only.';
/** Marks every process of a sandbox, also those that left its process group. */
const MARK = 'HEARTH_SANDBOX_ID';

export interface ProcessDriverOptions {
  catalogue: RuntimeCatalogue;
  stateDirectory: string;
  incarnation: string;
  /** Where functions reach Hearth's API, which here they do by themselves. */
  apiEndpoint?: () => string | undefined;
  report(message: string): void;
}

/** Sandboxes without isolation, for machines without an engine; only when asked for by name. */
export class ProcessDriver implements SandboxDriver {
  readonly name = 'process';
  private readonly owner: Owner;
  private readonly control: string;

  constructor(private readonly options: ProcessDriverOptions) {
    options.report(WARNING);
    this.owner = ownerOf(options.stateDirectory, options.incarnation);
    this.control = `${controlRoot(this.owner)}-processes`;
  }

  async check(): Promise<DriverReport> {
    return { driver: 'process', isolation: 'none', notes: [WARNING], missingRuntimes: [] };
  }

  async removeOrphans(): Promise<OrphanReport> {
    let processes = 0;
    for (const incarnation of await entriesOf(this.control)) {
      if (incarnation === this.owner.incarnation) continue;
      for (const id of await entriesOf(join(this.control, incarnation))) processes += endMarked(id);
    }
    const directories = await removeDirectoriesOfFormerLives(this.control, this.owner);
    return { containers: 0, processes, mounts: 0, directories };
  }

  async start(order: SandboxOrder): Promise<SandboxHandle> {
    if (order.layersPath !== undefined) throw unsupported(order.spec.functionName, 'has layers');
    if (order.codePath === undefined) throw unsupported(order.spec.functionName, 'is a container image');
    if (order.spec.isolation && order.spec.isolation !== 'runc') throw unsupported(order.spec.functionName, `asks for the isolation profile ${order.spec.isolation}`);
    if (order.spec.networks?.length) throw unsupported(order.spec.functionName, 'has a VpcConfig');
    const runtime = this.options.catalogue.resolve(order.spec.runtime);
    const id = order.id.slice(0, 16);
    await mkdir(this.control, { recursive: true, mode: 0o700 });
    let directory: SandboxDirectory | undefined;
    let channel: RuntimeChannel | undefined;
    let endpoint: ExtensionEndpoint | undefined;
    try {
      const user = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
      directory = await SandboxDirectory.create(join(this.control, this.owner.incarnation, id), { gated: false, user });
      directory.listen(order.onLog);
      let runtimeApi: string | undefined;
      if (runtime.channel === 'socket') {
        channel = await SocketChannel.listen(directory.socketPath, directory.openTickets());
        if (order.extensions) {
          const listener = await listenLocally();
          endpoint = new ExtensionEndpoint(listener, order.extensions.handle);
          runtimeApi = addressOf(listener);
        }
      } else {
        const http = new HttpChannel();
        channel = http;
        const listener = await listenLocally();
        http.serveListener(listener, order.extensions?.handle);
        runtimeApi = addressOf(listener);
      }
      await directory.writeEnvironment(shellEnvironment(this.environment(order, order.codePath, runtime, directory, runtimeApi, await order.credentials)));
      const child = spawn('/bin/sh', [join(this.options.catalogue.assets, 'launch.sh')], {
        detached: true,
        stdio: 'ignore',
        env: { [MARK]: id, HEARTH_SANDBOX_DIR: directory.path, PATH: hostPath() },
      });
      const sandbox = new ProcessSandbox(order.id, id, child, channel, directory, endpoint);
      order.extensions?.attach({
        signalRuntime: (signal) => void child.kill(`SIG${signal}`),
        runtimeEnded: sandbox.exit,
        keepRuntimeAwake: () => sandbox.channel.keepAwake(),
        connect: async (port) => connect(port, '127.0.0.1'),
      });
      return sandbox;
    } catch (error) {
      channel?.close();
      endpoint?.close();
      await directory?.remove();
      if (error instanceof ServiceError) throw error;
      throw new InfrastructureError(`A sandbox of ${order.spec.functionName} cannot be started: ${(error as Error).message}`, { cause: error });
    }
  }

  close(): Promise<void> {
    return removeOwnDirectory(this.control, this.owner);
  }

  private environment(order: SandboxOrder, taskRoot: string, runtime: RuntimeEntry, directory: SandboxDirectory, runtimeApi?: string, credentials?: FunctionCredentials): Record<string, string> {
    const client = runtime.channel === 'socket' && runtime.family ? join(this.options.catalogue.assets, runtime.family) : undefined;
    const place = { logStream: order.logStream, initializationType: order.initializationType, taskRoot, runtimeDirectory: client ?? '/var/runtime', runtimeApi, apiEndpoint: this.options.apiEndpoint?.() };
    return {
      ...functionEnvironment(order.spec, place, credentials),
      PATH: order.spec.environment.PATH ?? hostPath(),
      ...(client ? { HEARTH_BOOTSTRAP: join(client, 'bootstrap'), HEARTH_NODE: process.execPath, HEARTH_RUNTIME_SOCKET: directory.socketPath } : {}),
    };
  }
}

/** /opt and the network are the host's own here: nothing of them is for one function, and no image has another root. */
function unsupported(functionName: string, what: string): ServiceError {
  return new ServiceError('InvalidParameterValueException', 400, `Function ${functionName} ${what}, which the process sandbox driver does not support. Use the docker driver (HEARTH_SANDBOX_DRIVER=docker).`, {
    messageMember: 'message',
  });
}

class ProcessSandbox implements SandboxHandle {
  readonly startedAt = Date.now();
  readonly exit: Promise<SandboxExit>;
  private highWaterMb = 0;
  private gone: Promise<void> | undefined;

  constructor(
    readonly id: string,
    private readonly mark: string,
    private readonly child: ChildProcess,
    readonly channel: RuntimeChannel,
    private readonly directory: SandboxDirectory,
    private readonly endpoint: ExtensionEndpoint | undefined,
  ) {
    this.exit = new Promise<SandboxExit>((resolve) => {
      child.once('error', () => resolve({ oomKilled: false }));
      child.once('exit', (code) => resolve({ ...(code === null ? { signal: 'killed' } : exitFromShell(code)), oomKilled: false }));
    }).then(async (exit) => {
      await this.channel.runtimeEnded();
      this.drainLog();
      return exit;
    });
  }

  /** Sum of the peaks of the processes that are there now: more than was used at once, good enough without a cgroup. */
  memoryHighWaterMb(): number {
    let kilobytes = 0;
    const pending = this.child.pid === undefined ? [] : [this.child.pid];
    for (let pid = pending.pop(); pid !== undefined; pid = pending.pop()) {
      try {
        kilobytes += Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
        pending.push(...readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number));
      } catch {
        // Ended while we looked.
      }
    }
    this.highWaterMb = Math.max(this.highWaterMb, Math.ceil(kilobytes / 1024));
    return this.highWaterMb;
  }

  drainLog(): void {
    this.directory.drain();
  }

  initialised(): void {
    // A failure would leave a file that only this user can read, until the sandbox goes.
    this.directory.removeEnvironment().catch(() => undefined);
  }

  async kill(): Promise<void> {
    endMarked(this.mark);
  }

  destroy(): Promise<void> {
    this.gone ??= this.remove();
    return this.gone;
  }

  private async remove(): Promise<void> {
    this.channel.close();
    this.endpoint?.close();
    if (this.child.pid !== undefined) {
      endMarked(this.mark);
      await this.exit;
      endMarked(this.mark);
    }
    await this.directory.remove();
  }
}

/** Ends every process whose environment carries the sandbox's mark. @returns how many */
function endMarked(id: string): number {
  let ended = 0;
  for (const pid of processIds()) if (isMarked(pid, id) && endProcess(pid)) ended += 1;
  return ended;
}

function isMarked(pid: number, id: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(`${MARK}=${id}`);
  } catch {
    // Ended, or another user's.
    return false;
  }
}

function hostPath(): string {
  return `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`;
}

function addressOf(listener: Server): string {
  return `127.0.0.1:${(listener.address() as AddressInfo).port}`;
}

function listenLocally(): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}
