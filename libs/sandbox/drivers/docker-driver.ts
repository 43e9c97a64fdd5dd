import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import type { Server } from 'node:net';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { InfrastructureError, ServiceError } from '@hearth/kernel';
import type Docker from 'dockerode';
import { API_ENDPOINT, API_PORT, type ApiBridge } from '../api-bridge/api-bridge.js';
import { HttpChannel } from '../channel/http-channel.js';
import type { RuntimeChannel } from '../channel/runtime-channel.js';
import { SocketChannel } from '../channel/socket-channel.js';
import { cpuShare } from '../cpu-share.js';
import { ExtensionEndpoint } from '../extensions/extension-endpoint.js';
import { functionEnvironment, type EnvironmentPlace } from '../function-environment.js';
import type { EngineImages } from '../images/engine-images.js';
import type { RuntimeCatalogue } from '../runtime-catalogue.js';
import type { DriverReport, OrphanReport, SandboxDriver, SandboxHandle, SandboxOrder } from '../sandbox-driver.js';
import type { SandboxConnect } from '../telemetry-api/telemetry-receiver.js';
import { containerOptions, LABEL, type ContainerPlan } from './container-options.js';
import { checkEngine } from './docker-check.js';
import { DockerEmbers } from './docker-embers.js';
import { DockerSandbox } from './docker-sandbox.js';
import { mayFreeze } from './freezer.js';
import { holdsExtensions, LauncherLink } from './launcher-link.js';
import { removeContainersOfFormerLives, removeDirectoriesOfFormerLives, removeOwnDirectory } from './orphans.js';
import { mayEnterNamespaces, NamespaceListeners } from './namespace-listener.js';
import { NamespaceMounts } from './namespace-mounts.js';
import { controlRoot, engineIsElsewhere, ownerOf, type Owner } from './owner.js';
import { SandboxDirectory } from './sandbox-directory.js';
import { imageProgram, managedProgram, type SandboxProgram } from './sandbox-program.js';
import { ScratchVolumes, type ScratchVolume } from './scratch-volumes.js';

/** An engine that does not answer must not hold a start for ever. */
const ENGINE_DEADLINE_MS = 60_000;
const RUNTIME_API_PORT = 9_001;
/** sbx_user1051 of the official images is not in every image; these two are what Lambda's own files belong to. */
const SANDBOX_USER = { uid: 993, gid: 990 };

export interface DockerDriverOptions {
  docker: Docker;
  catalogue: RuntimeCatalogue;
  /** Images of container-image functions; without it those are refused. */
  images?: EngineImages;
  stateDirectory: string;
  /** Unique for this life of the worker. */
  incarnation: string;
  /** `/tmp` volumes held ready. Default 2. */
  scratchReserve?: number;
  /** The functions' way to Hearth's API, closed with the driver; without it they have none. */
  api?: ApiBridge;
  /** More labels for every container. */
  labels?: Record<string, string>;
  /** One sentence for the operator's log. */
  report(message: string): void;
}

/** Of a start that is under way. */
interface Parts {
  controlPath?: string;
  directory?: SandboxDirectory;
  channel?: RuntimeChannel;
  volume?: ScratchVolume;
  container?: Docker.Container;
  sandbox?: DockerSandbox;
}

type SandboxPlan = Pick<ContainerPlan, 'memoryMb' | 'ephemeralStorageMb' | 'codePath' | 'layersPath'>;

/** Sandboxes as hardened containers of a Docker engine on this machine. */
export class DockerDriver implements SandboxDriver {
  readonly name = 'docker';
  private readonly owner: Owner;
  private readonly control: string;
  private readonly scratch: ScratchVolumes;
  /** Absent where nothing can be mounted into a container that runs: without root, and in a container. */
  readonly embers: DockerEmbers | undefined;
  private readonly listeners = new NamespaceListeners();
  private readonly mounts = new NamespaceMounts();
  private api: ApiBridge | undefined;
  private mayEnter = true;
  /** Without root nothing can be given to another user: the sandbox then runs as the worker's own. */
  private readonly user = process.getuid?.() === 0 ? SANDBOX_USER : { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

  constructor(private readonly options: DockerDriverOptions) {
    this.owner = ownerOf(options.stateDirectory, options.incarnation);
    this.control = controlRoot(this.owner);
    this.api = options.api;
    this.scratch = new ScratchVolumes({
      root: join(options.stateDirectory, 'sandboxes', 'scratch'),
      incarnation: options.incarnation,
      user: this.user,
      reserve: options.scratchReserve ?? 2,
      report: options.report,
    });
    this.embers = process.getuid?.() === 0 && !engineIsElsewhere() ? this.makeEmbers() : undefined;
  }

  async check(): Promise<DriverReport> {
    const [report, mayEnter] = await Promise.all([checkEngine(this.options.docker, this.options.catalogue), mayEnterNamespaces()]);
    if (!mayFreeze()) report.notes.push('functions are not frozen between invocations, and what they left running goes on: the freezer of cgroups cannot be written by this process');
    if (this.embers === undefined) report.notes.push('no sandboxes are started ahead (embers): code cannot be mounted into running containers by this process');
    if (mayEnter) return report;
    this.api = undefined;
    this.mayEnter = false;
    return { ...report, notes: [...report.notes, "functions cannot call Hearth's API and have no extensions, and HTTP runtimes cannot run: this process may not enter network namespaces (it takes root, or CAP_SYS_ADMIN and the host's process ids)"] };
  }

  async removeOrphans(): Promise<OrphanReport> {
    const { containers, processes } = await removeContainersOfFormerLives(this.options.docker, this.owner);
    const mounts = await this.scratch.removeOrphans();
    const directories = await removeDirectoriesOfFormerLives(this.control, this.owner);
    this.scratch.warmUp();
    return { containers, processes, mounts, directories };
  }

  async start(order: SandboxOrder): Promise<SandboxHandle> {
    const program = await this.program(order);
    const { memoryMb, ephemeralStorageMb } = order.spec;
    const parts: Parts = {};
    try {
      const { sandbox, channel, directory } = await this.prepare(parts, order.id, program, { memoryMb, ephemeralStorageMb, codePath: order.codePath, layersPath: order.layersPath });
      directory.listen(order.onLog);
      const [credentials] = await Promise.all([order.credentials, this.openPorts(channel, sandbox), this.extend(order, directory, sandbox)]);
      const environment = { ...functionEnvironment(order.spec, this.environmentPlace(order, program), credentials), ...(program.channel === 'http' ? {} : { HEARTH_RUNTIME_SOCKET: '/run/hearth/runtime.sock' }) };
      await directory.writeEnvironment(program.environmentText(environment));
      sandbox.startedAt = Date.now();
      directory.release();
      return sandbox;
    } catch (error) {
      await this.undo(parts);
      if (error instanceof ServiceError) throw error;
      // Perhaps the engine lost it: the next start looks, and fetches it.
      if (order.spec.image && (error as { statusCode?: number }).statusCode === 404) this.options.images?.forget(order.spec.image);
      throw new InfrastructureError(`A sandbox of ${order.spec.functionName} cannot be started: ${engineMessage(error, program)}`, { cause: error });
    }
  }

  async close(): Promise<void> {
    this.options.api?.close();
    this.listeners.close();
    this.mounts.close();
    await this.scratch.close();
    await removeOwnDirectory(this.control, this.owner);
  }

  private async program({ spec }: SandboxOrder): Promise<SandboxProgram> {
    if (spec.image === undefined) return managedProgram(this.options.catalogue, spec);
    if (this.options.images === undefined) throw new InfrastructureError('this worker runs no container images');
    return imageProgram(this.options.catalogue.assets, this.options.images, spec);
  }

  private makeEmbers(): DockerEmbers {
    const { catalogue, report } = this.options;
    return new DockerEmbers({
      catalogue,
      report,
      mounts: this.mounts,
      scratch: this.scratch,
      controlDirectory: join(this.control, this.owner.incarnation),
      environmentPlace: (order) => this.environmentPlace(order, managedProgram(catalogue, order.spec)),
      extend: (order, directory, sandbox) => this.extend(order, directory, sandbox),
      prepare: async (runtime, plan) => {
        const program = managedProgram(catalogue, { runtime });
        const parts: Parts = {};
        try {
          const { sandbox, channel, directory, volume } = await this.prepare(parts, randomUUID().replaceAll('-', ''), program, plan);
          await this.openPorts(channel, sandbox);
          return { sandbox, directory, volume, pid: await pidOf(sandbox) };
        } catch (error) {
          await this.undo(parts);
          throw new InfrastructureError(engineMessage(error, program), { cause: error });
        }
      },
    });
  }

  /** A container that runs and whose launcher waits: for its environment, and for what it is to find in its network namespace. */
  private async prepare(parts: Parts, id: string, program: SandboxProgram, plan: SandboxPlan) {
    const controlPath = join(this.control, this.owner.incarnation, id.slice(0, 16));
    parts.controlPath = controlPath;
    await mkdir(this.control, { recursive: true, mode: 0o711 });
    await mkdir(controlPath, { recursive: true, mode: 0o755 });
    // The engine takes its time to create a container; what will be in its directory is made meanwhile.
    const halves = await Promise.allSettled([this.fillDirectory(parts, controlPath, program), this.create(parts, id, program, plan, controlPath)]);
    for (const half of halves) if (half.status === 'rejected') throw half.reason as Error;
    const { directory, volume, channel, container } = parts as Parts & Required<Pick<Parts, 'directory' | 'channel' | 'container'>>;
    await container.start({ abortSignal: AbortSignal.timeout(ENGINE_DEADLINE_MS) });
    const cpus = cpuShare(plan.memoryMb, availableParallelism());
    const sandbox = new DockerSandbox({ id, container, channel, directory, volume, scratch: this.scratch, startedAt: Date.now(), cpus, report: this.options.report });
    parts.sandbox = sandbox;
    return { sandbox, channel, directory, volume };
  }

  private async fillDirectory(parts: Parts, path: string, { channel }: SandboxProgram): Promise<void> {
    parts.directory = await SandboxDirectory.create(path, { gated: true, user: this.user });
    parts.channel = channel === 'socket' ? await SocketChannel.listen(parts.directory.socketPath, parts.directory.openTickets()) : new HttpChannel();
  }

  private async create(parts: Parts, id: string, program: SandboxProgram, plan: SandboxPlan, controlPath: string): Promise<void> {
    parts.volume = await this.scratch.take(plan.ephemeralStorageMb);
    const options = containerOptions({
      ...plan,
      id,
      image: program.image,
      user: this.user,
      labels: {
        ...this.options.labels,
        [LABEL.owner]: this.owner.owner,
        [LABEL.incarnation]: this.owner.incarnation,
        [LABEL.sandbox]: id,
      },
      hostCpus: availableParallelism(),
      launcher: program.launcher,
      imageVolumes: program.imageVolumes,
      controlPath,
      hostsPath: join(this.options.catalogue.assets, 'hosts'),
      scratchPath: parts.volume?.path,
    });
    parts.container = await this.options.docker.createContainer({ ...options, abortSignal: AbortSignal.timeout(ENGINE_DEADLINE_MS) });
  }

  /** The Runtime API, beside it what extensions call, and the way to Hearth's own API, inside the container's network namespace. */
  private async openPorts(channel: RuntimeChannel, sandbox: DockerSandbox): Promise<void> {
    const { api } = this;
    const open = async (port: number): Promise<Server> => this.listeners.listen(await pidOf(sandbox), port);
    const http = channel instanceof HttpChannel ? channel : undefined;
    await Promise.all([
      http && open(RUNTIME_API_PORT).then((listener) => http.serveListener(listener, sandbox.extensionApis)),
      !http && this.mayEnter && open(RUNTIME_API_PORT).then((listener) => sandbox.bridge(new ExtensionEndpoint(listener, sandbox.extensionApis))),
      api && open(API_PORT).then((listener) => sandbox.bridge(api.serve(listener))),
    ]);
  }

  private environmentPlace(order: SandboxOrder, program: SandboxProgram): EnvironmentPlace {
    return {
      logStream: order.logStream,
      initializationType: order.initializationType,
      taskRoot: '/var/task',
      runtimeDirectory: '/var/runtime',
      runtimeApi: program.channel === 'http' || this.mayEnter ? `127.0.0.1:${RUNTIME_API_PORT}` : undefined,
      apiEndpoint: this.api && API_ENDPOINT,
      imageVariables: program.imageVariables,
    };
  }

  /** @throws ServiceError when the function has extensions, which cannot be served here */
  private async extend(order: SandboxOrder, directory: SandboxDirectory, sandbox: DockerSandbox): Promise<void> {
    if (order.extensions === undefined) return;
    // What is in an image only its launcher sees.
    const external = order.spec.image !== undefined ? this.mayEnter : await holdsExtensions(order.layersPath);
    if (external && !this.mayEnter) throw extensionsUnsupported(order.spec.functionName);
    const connect: SandboxConnect | undefined = this.mayEnter ? async (port) => this.listeners.connect(await pidOf(sandbox), port) : undefined;
    sandbox.extendedBy(order.extensions, external ? await LauncherLink.open(directory, order.extensions) : undefined, connect);
  }

  private async undo(parts: Parts): Promise<void> {
    parts.channel?.close();
    parts.sandbox?.closeBridge();
    const left = await Promise.allSettled([
      parts.container?.remove({ force: true, v: true }),
      parts.volume && this.scratch.release(parts.volume),
      parts.directory?.remove(),
      parts.controlPath && rm(parts.controlPath, { recursive: true, force: true }),
    ]);
    for (const one of left) if (one.status === 'rejected') this.options.report(`What a failed start left cannot be removed: ${(one.reason as Error).message}`);
  }
}

async function pidOf(sandbox: DockerSandbox): Promise<number> {
  const pid = await sandbox.pid;
  if (pid === undefined) throw new InfrastructureError('the container ended before it began');
  return pid;
}

function extensionsUnsupported(functionName: string): ServiceError {
  return new ServiceError('InvalidParameterValueException', 400, `The layers of ${functionName} hold extensions, which this worker cannot serve: it may not enter network namespaces.`, {
    messageMember: 'message',
  });
}

function engineMessage(error: unknown, { image, name }: SandboxProgram): string {
  if ((error as { statusCode?: number }).statusCode === 404) return `the image ${image} of ${name} is not on this machine`;
  return (error as Error).message;
}
