import { availableParallelism } from 'node:os';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { InfrastructureError } from '@hearth/kernel';
import type Docker from 'dockerode';
import { HttpChannel } from '../channel/http-channel.js';
import type { RuntimeChannel } from '../channel/runtime-channel.js';
import { SocketChannel } from '../channel/socket-channel.js';
import { cpuShare } from '../cpu-share.js';
import { functionEnvironment } from '../function-environment.js';
import type { RuntimeCatalogue, RuntimeEntry } from '../runtime-catalogue.js';
import type { DriverReport, OrphanReport, SandboxDriver, SandboxHandle, SandboxOrder } from '../sandbox-driver.js';
import { containerOptions, LABEL } from './container-options.js';
import { checkEngine } from './docker-check.js';
import { DockerSandbox } from './docker-sandbox.js';
import { removeContainersOfFormerLives, removeDirectoriesOfFormerLives, removeOwnDirectory } from './orphans.js';
import { listenInNamespace } from './namespace-listener.js';
import { controlRoot, ownerOf, type Owner } from './owner.js';
import { SandboxDirectory } from './sandbox-directory.js';
import { ScratchVolumes, type ScratchVolume } from './scratch-volumes.js';

/** An engine that does not answer must not hold a start for ever. */
const ENGINE_DEADLINE_MS = 60_000;
const RUNTIME_API_PORT = 9_001;
/** sbx_user1051 of the official images is not in every image; these two are what Lambda's own files belong to. */
const SANDBOX_USER = { uid: 993, gid: 990 };

export interface DockerDriverOptions {
  docker: Docker;
  catalogue: RuntimeCatalogue;
  stateDirectory: string;
  /** Unique for this life of the worker. */
  incarnation: string;
  /** `/tmp` volumes held ready. Default 2. */
  scratchReserve?: number;
  /** More labels for every container. */
  labels?: Record<string, string>;
  /** One sentence for the operator's log. */
  report(message: string): void;
}

/** Sandboxes as hardened containers of a Docker engine on this machine. */
export class DockerDriver implements SandboxDriver {
  readonly name = 'docker';
  private readonly owner: Owner;
  private readonly control: string;
  private readonly scratch: ScratchVolumes;
  /** Without root nothing can be given to another user: the sandbox then runs as the worker's own. */
  private readonly user = process.getuid?.() === 0 ? SANDBOX_USER : { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

  constructor(private readonly options: DockerDriverOptions) {
    this.owner = ownerOf(options.stateDirectory, options.incarnation);
    this.control = controlRoot(this.owner);
    this.scratch = new ScratchVolumes({
      root: join(options.stateDirectory, 'sandboxes', 'scratch'),
      incarnation: options.incarnation,
      user: this.user,
      reserve: options.scratchReserve ?? 2,
      report: options.report,
    });
  }

  check(): Promise<DriverReport> {
    return checkEngine(this.options.docker, this.options.catalogue);
  }

  async removeOrphans(): Promise<OrphanReport> {
    const { containers, processes } = await removeContainersOfFormerLives(this.options.docker, this.owner);
    const mounts = await this.scratch.removeOrphans();
    const directories = await removeDirectoriesOfFormerLives(this.control, this.owner);
    this.scratch.warmUp();
    return { containers, processes, mounts, directories };
  }

  async start(order: SandboxOrder): Promise<SandboxHandle> {
    const runtime = this.options.catalogue.resolve(order.spec.runtime);
    const parts: { directory?: SandboxDirectory; channel?: RuntimeChannel; volume?: ScratchVolume; container?: Docker.Container } = {};
    try {
      const [directory, volume] = await Promise.all([this.directory(order, runtime), this.scratch.take(order.spec.ephemeralStorageMb)]);
      Object.assign(parts, { directory, volume });
      const channel = runtime.channel === 'socket' ? await SocketChannel.listen(directory.socketPath) : new HttpChannel();
      parts.channel = channel;
      const container = await this.create(order, runtime, directory, volume);
      parts.container = container;
      await container.start({ abortSignal: AbortSignal.timeout(ENGINE_DEADLINE_MS) });
      const vcpus = cpuShare(order.spec.memoryMb, availableParallelism());
      const sandbox = new DockerSandbox({ id: order.id, container, channel, directory, volume, scratch: this.scratch, startedAt: Date.now(), cpus: vcpus, report: this.options.report });
      if (channel instanceof HttpChannel) await this.openRuntimeApi(channel, directory, sandbox);
      return sandbox;
    } catch (error) {
      await this.undo(parts);
      throw new InfrastructureError(`A sandbox of ${order.spec.functionName} cannot be started: ${engineMessage(error, runtime)}`, { cause: error });
    }
  }

  async close(): Promise<void> {
    await this.scratch.close();
    await removeOwnDirectory(this.control, this.owner);
  }

  private async directory(order: SandboxOrder, runtime: RuntimeEntry): Promise<SandboxDirectory> {
    const path = join(this.control, this.owner.incarnation, order.id.slice(0, 16));
    await mkdir(this.control, { recursive: true, mode: 0o711 });
    const directory = await SandboxDirectory.create(path, { gated: runtime.channel === 'http', user: this.user });
    directory.listen(order.onLog);
    const place = {
      logStream: order.logStream,
      initializationType: order.initializationType,
      taskRoot: '/var/task',
      runtimeDirectory: '/var/runtime',
      runtimeApi: runtime.channel === 'http' ? `127.0.0.1:${RUNTIME_API_PORT}` : undefined,
    };
    await directory.writeEnvironment({
      ...functionEnvironment(order.spec, place, order.credentials),
      ...(runtime.channel === 'socket' ? { HEARTH_RUNTIME_SOCKET: '/run/hearth/runtime.sock' } : {}),
    });
    return directory;
  }

  private create(order: SandboxOrder, runtime: RuntimeEntry, directory: SandboxDirectory, volume?: ScratchVolume): Promise<Docker.Container> {
    const options = containerOptions({
      id: order.id,
      image: runtime.image,
      spec: order.spec,
      user: this.user,
      labels: {
        ...this.options.labels,
        [LABEL.owner]: this.owner.owner,
        [LABEL.incarnation]: this.owner.incarnation,
        [LABEL.sandbox]: order.id,
      },
      hostCpus: availableParallelism(),
      codePath: order.codePath,
      layersPath: order.layersPath,
      launcherPath: join(this.options.catalogue.assets, 'launch.sh'),
      controlPath: directory.path,
      scratchPath: volume?.path,
    });
    return this.options.docker.createContainer({ ...options, abortSignal: AbortSignal.timeout(ENGINE_DEADLINE_MS) });
  }

  private async openRuntimeApi(channel: HttpChannel, directory: SandboxDirectory, sandbox: DockerSandbox): Promise<void> {
    const pid = await sandbox.pid;
    if (pid === undefined) throw new InfrastructureError('the container ended before its Runtime API was there');
    channel.serveListener(await listenInNamespace(pid, RUNTIME_API_PORT));
    sandbox.startedAt = Date.now();
    directory.release();
  }

  private async undo(parts: { directory?: SandboxDirectory; channel?: RuntimeChannel; volume?: ScratchVolume; container?: Docker.Container }): Promise<void> {
    parts.channel?.close();
    const left = await Promise.allSettled([
      parts.container?.remove({ force: true, v: true }),
      parts.volume && this.scratch.release(parts.volume),
      parts.directory?.remove(),
    ]);
    for (const one of left) if (one.status === 'rejected') this.options.report(`What a failed start left cannot be removed: ${(one.reason as Error).message}`);
  }
}

function engineMessage(error: unknown, runtime: RuntimeEntry): string {
  if ((error as { statusCode?: number }).statusCode === 404) return `the image ${runtime.image} of ${runtime.name} is not on this machine`;
  return (error as Error).message;
}
