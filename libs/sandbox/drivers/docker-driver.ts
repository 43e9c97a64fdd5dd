import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import type { Server } from 'node:net';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { InfrastructureError, OperatorError, ServiceError } from '@hearth/kernel';
import type Docker from 'dockerode';
import { API_ENDPOINT, API_PORT, type ApiBridge } from '../api-bridge/api-bridge.js';
import { HttpChannel } from '../channel/http-channel.js';
import type { RuntimeChannel } from '../channel/runtime-channel.js';
import { SocketChannel } from '../channel/socket-channel.js';
import { cpuShare } from '../cpu-share.js';
import { ExtensionEndpoint } from '../extensions/extension-endpoint.js';
import { functionEnvironment, type EnvironmentPlace } from '../function-environment.js';
import type { EngineImages } from '../images/engine-images.js';
import type { EgressPolicy } from '../network/egress-policy.js';
import type { NameServerOptions } from '../network/name-server.js';
import { networkFor, SandboxNetworks, type SandboxNetwork } from '../network/sandbox-networks.js';
import type { RuntimeCatalogue } from '../runtime-catalogue.js';
import type { DriverReport, OrphanReport, SandboxDriver, SandboxHandle, SandboxOrder } from '../sandbox-driver.js';
import type { SandboxConnect } from '../telemetry-api/telemetry-receiver.js';
import { containerOptions, LABEL, type ContainerPlan } from './container-options.js';
import { checkEngine } from './docker-check.js';
import { DockerEmbers } from './docker-embers.js';
import { DockerSandbox } from './docker-sandbox.js';
import { mayFreeze } from './freezer.js';
import { IsolationProfiles, probeOrder, type IsolationProfile } from './isolation.js';
import { holdsExtensions, LauncherLink } from './launcher-link.js';
import { endProcessesOf, removeContainersOfFormerLives, removeDirectoriesOfFormerLives, removeOwnDirectory } from './orphans.js';
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
  /** Where functions without networks of their own may connect to. Default: nowhere. */
  egress?: EgressPolicy;
  /** Who answers functions' questions for names. Default: this machine's name servers. */
  names?: NameServerOptions;
  /** Least isolation of every function. Default runc. */
  isolation?: IsolationProfile;
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

type SandboxPlan = Pick<ContainerPlan, 'memoryMb' | 'ephemeralStorageMb' | 'codePath' | 'layersPath' | 'networks' | 'ociRuntime'>;

/** Sandboxes as hardened containers of a Docker engine on this machine. */
export class DockerDriver implements SandboxDriver {
  readonly name = 'docker';
  private readonly owner: Owner;
  private readonly control: string;
  private readonly scratch: ScratchVolumes;
  /** Absent where nothing can be mounted into a container that runs: without root, in a container, and with a kernel of its own. */
  readonly embers: DockerEmbers | undefined;
  private readonly listeners = new NamespaceListeners();
  private readonly mounts = new NamespaceMounts();
  private readonly networks: SandboxNetworks;
  private egress: EgressPolicy;
  private readonly profiles: IsolationProfiles;
  private api: ApiBridge | undefined;
  private mayEnter = true;
  /** Without root nothing can be given to another user: the sandbox then runs as the worker's own. */
  private readonly user = process.getuid?.() === 0 ? SANDBOX_USER : { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

  constructor(private readonly options: DockerDriverOptions) {
    this.owner = ownerOf(options.stateDirectory, options.incarnation);
    this.control = controlRoot(this.owner);
    this.api = options.api;
    this.egress = options.egress ?? { mode: 'none', allow: [] };
    const { docker, labels, names } = options;
    this.networks = new SandboxNetworks({ docker, owner: this.owner, policy: this.egress, labels, names, listen: (pid, port) => this.listeners.listen(pid, port) });
    this.profiles = new IsolationProfiles({ docker, least: options.isolation ?? 'runc', probe: (ociRuntime, signal) => this.probe(ociRuntime, signal) });
    this.scratch = new ScratchVolumes({
      root: join(options.stateDirectory, 'sandboxes', 'scratch'),
      incarnation: options.incarnation,
      user: this.user,
      reserve: options.scratchReserve ?? 2,
      report: options.report,
    });
    this.embers = process.getuid?.() === 0 && !engineIsElsewhere() && (options.isolation ?? 'runc') === 'runc' ? this.makeEmbers() : undefined;
  }

  async check(): Promise<DriverReport> {
    const [report, mayEnter] = await Promise.all([checkEngine(this.options.docker, this.options.catalogue), mayEnterNamespaces()]);
    await this.checkIsolation();
    if (!mayFreeze()) report.notes.push('functions are not frozen between invocations, and what they left running goes on: the freezer of cgroups cannot be written by this process');
    if (this.embers === undefined) report.notes.push('no sandboxes are started ahead (embers): code cannot be mounted into running containers by this process');
    if (mayEnter) return this.withNetworks(report);
    this.api = undefined;
    this.mayEnter = false;
    this.egress = { mode: 'none', allow: [] };
    return { ...report, notes: [...report.notes, "functions have no network, cannot call Hearth's API and have no extensions, and HTTP runtimes cannot run: this process may not enter network namespaces (it takes root, or CAP_SYS_ADMIN and the host's process ids)"] };
  }

  /** @throws OperatorError when every function would be refused */
  private async checkIsolation(): Promise<void> {
    const { isolation = 'runc', report } = this.options;
    if (isolation === 'runc') {
      // In the background: whoever asks for it waits for the same answer.
      this.profiles.usable('gvisor').then((name) => report(`The isolation profile gvisor is there (${name})`)).catch(() => undefined);
      return;
    }
    await this.profiles.usable(isolation).catch((error: unknown) => {
      throw new OperatorError(`HEARTH_ISOLATION is ${isolation}, which this machine does not have: ${(error as Error).message}`, 'Set it up (docs/isolation.md), or choose another profile.');
    });
  }

  private async withNetworks(report: DriverReport): Promise<DriverReport> {
    if (this.egress.mode === 'none') return report;
    try {
      await this.networks.check();
      return report;
    } catch (error) {
      // Towards safety: without filters no function gets a network. One with a VpcConfig is refused when it is started.
      this.egress = { mode: 'none', allow: [] };
      return { ...report, notes: [...report.notes, `functions have no network: ${(error as Error).message}`] };
    }
  }

  async removeOrphans(): Promise<OrphanReport> {
    const { containers, processes } = await removeContainersOfFormerLives(this.options.docker, this.owner);
    await this.networks.removeOrphan();
    const mounts = await this.scratch.removeOrphans();
    const directories = await removeDirectoriesOfFormerLives(this.control, this.owner);
    this.scratch.warmUp();
    return { containers, processes, mounts, directories };
  }

  async start(order: SandboxOrder): Promise<SandboxHandle> {
    return this.launch(order, await this.profiles.runtimeFor(order.spec.isolation));
  }

  /** A function without code says so by its runtime's socket: process, mounts, FIFO and socket work, then. */
  private async probe(ociRuntime: string, signal: AbortSignal): Promise<void> {
    const { docker, catalogue } = this.options;
    const images = await Promise.all(catalogue.all().filter((runtime) => runtime.channel === 'socket').map(async (runtime) => ({ runtime, there: await docker.getImage(runtime.image).inspect().then(() => true, () => false) })));
    const runtime = images.find(({ there }) => there)?.runtime.name;
    if (runtime === undefined) throw new InfrastructureError('no image of a runtime is there to try it with');
    let said = '';
    const order = { ...probeOrder(runtime, catalogue.assets), onLog: (chunk: Buffer) => void (said += chunk.toString()) };
    const reap = (): void => void endProcessesOf(docker, `hearth-${order.id}`).catch((error: Error) => this.options.report(`What a hanging ${ociRuntime} left cannot be removed: ${error.message}`));
    signal.addEventListener('abort', reap, { once: true });
    const sandbox = await this.launch(order, ociRuntime);
    try {
      const init = await Promise.race([sandbox.channel.init, sandbox.exit.then((exit) => ({ kind: 'closed' as const, exit }))]);
      if (init.kind === 'closed') throw new InfrastructureError(`the runtime in a sandbox with ${ociRuntime} ended before it spoke (${JSON.stringify('exit' in init ? init.exit : {})}) ${said.slice(0, 1_000).trim()}`.trim());
    } finally {
      signal.removeEventListener('abort', reap);
      await sandbox.destroy();
    }
  }

  private async launch(order: SandboxOrder, ociRuntime?: string): Promise<SandboxHandle> {
    const program = await this.program(order);
    const { memoryMb, ephemeralStorageMb } = order.spec;
    const parts: Parts = {};
    try {
      const network = order.network ?? networkFor(order.spec, this.egress);
      if (network.kind === 'attached') await this.networks.assertThere(network);
      const networks = network.kind === 'attached' ? network.networks : [];
      const { sandbox, channel, directory } = await this.prepare(parts, order.id, program, { memoryMb, ephemeralStorageMb, codePath: order.codePath, layersPath: order.layersPath, networks, ociRuntime });
      directory.listen(order.onLog);
      const [credentials] = await Promise.all([order.credentials, this.openPorts(channel, sandbox), this.connect(network, sandbox), this.extend(order, directory, sandbox)]);
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
    await this.profiles.settled();
    this.options.api?.close();
    this.listeners.close();
    this.mounts.close();
    await this.networks.close();
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
      connect: (order, sandbox) => this.connect(order.network ?? networkFor(order.spec, this.egress), sandbox),
      prepare: async (runtime, plan) => {
        const program = managedProgram(catalogue, { runtime });
        const parts: Parts = {};
        try {
          const { sandbox, channel, directory, volume } = await this.prepare(parts, randomUUID().replaceAll('-', ''), program, { ...plan, networks: [] });
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
    if (plan.ociRuntime !== undefined) await this.networks.switchOnLoopback(await pidOf(sandbox));
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
    for (const name of plan.networks.slice(1)) await this.options.docker.getNetwork(name).connect({ Container: parts.container.id });
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

  /** Before anything of the function runs. */
  private async connect(network: SandboxNetwork, sandbox: DockerSandbox): Promise<void> {
    if (network.kind !== 'none') sandbox.connected(await this.networks.connect(network, await pidOf(sandbox), sandbox.id.slice(0, 8), sandbox.container));
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
      parts.container?.remove({ force: true, v: true }).finally(() => parts.sandbox?.releaseNetwork()),
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
