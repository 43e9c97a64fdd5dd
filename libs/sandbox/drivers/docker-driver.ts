import { mkdir } from 'node:fs/promises';
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
import type { ExtensionsPort } from '../extensions/extensions-port.js';
import { functionEnvironment } from '../function-environment.js';
import type { EngineImages } from '../images/engine-images.js';
import type { RuntimeCatalogue } from '../runtime-catalogue.js';
import type { DriverReport, OrphanReport, SandboxDriver, SandboxHandle, SandboxOrder } from '../sandbox-driver.js';
import type { SandboxConnect } from '../telemetry-api/telemetry-receiver.js';
import { containerOptions, LABEL } from './container-options.js';
import { checkEngine } from './docker-check.js';
import { DockerSandbox } from './docker-sandbox.js';
import { IsolationProfiles, probeOrder, type IsolationProfile } from './isolation.js';
import { endProcessesOf, removeContainersOfFormerLives, removeDirectoriesOfFormerLives, removeOwnDirectory } from './orphans.js';
import { holdsExtensions, LauncherLink } from './launcher-link.js';
import { mayEnterNamespaces, NamespaceListeners } from './namespace-listener.js';
import { controlRoot, ownerOf, type Owner } from './owner.js';
import type { EgressPolicy } from '../network/egress-policy.js';
import type { NameServerOptions } from '../network/name-server.js';
import { networkFor, SandboxNetworks, type SandboxNetwork } from '../network/sandbox-networks.js';
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

/** Sandboxes as hardened containers of a Docker engine on this machine. */
export class DockerDriver implements SandboxDriver {
  readonly name = 'docker';
  private readonly owner: Owner;
  private readonly control: string;
  private readonly scratch: ScratchVolumes;
  private readonly listeners = new NamespaceListeners();
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
  }

  async check(): Promise<DriverReport> {
    const [report, mayEnter] = await Promise.all([checkEngine(this.options.docker, this.options.catalogue), mayEnterNamespaces()]);
    await this.checkIsolation();
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
    const parts: { directory?: SandboxDirectory; channel?: RuntimeChannel; volume?: ScratchVolume; container?: Docker.Container; sandbox?: DockerSandbox } = {};
    try {
      const network = order.network ?? networkFor(order.spec, this.egress);
      if (network.kind === 'attached') await this.networks.assertThere(network);
      const [directory, volume] = await Promise.all([this.directory(order), this.scratch.take(order.spec.ephemeralStorageMb)]);
      Object.assign(parts, { directory, volume });
      const channel = program.channel === 'socket' ? await SocketChannel.listen(directory.socketPath, directory.openTickets()) : new HttpChannel();
      parts.channel = channel;
      const container = await this.create(order, program, directory, { network, volume, ociRuntime });
      parts.container = container;
      await container.start({ abortSignal: AbortSignal.timeout(ENGINE_DEADLINE_MS) });
      const vcpus = cpuShare(order.spec.memoryMb, availableParallelism());
      const sandbox = new DockerSandbox({ id: order.id, container, channel, directory, volume, scratch: this.scratch, startedAt: Date.now(), cpus: vcpus, report: this.options.report });
      parts.sandbox = sandbox;
      if (ociRuntime !== undefined) await this.networks.switchOnLoopback(await processOf(sandbox));
      await this.letBegin(order, program, channel, directory, sandbox, network);
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
    await this.networks.close();
    await this.scratch.close();
    await removeOwnDirectory(this.control, this.owner);
  }

  private async program({ spec }: SandboxOrder): Promise<SandboxProgram> {
    if (spec.image === undefined) return managedProgram(this.options.catalogue, spec);
    if (this.options.images === undefined) throw new InfrastructureError('this worker runs no container images');
    return imageProgram(this.options.catalogue.assets, this.options.images, spec);
  }

  private async directory(order: SandboxOrder): Promise<SandboxDirectory> {
    const path = join(this.control, this.owner.incarnation, order.id.slice(0, 16));
    await mkdir(this.control, { recursive: true, mode: 0o711 });
    const directory = await SandboxDirectory.create(path, { gated: true, user: this.user });
    directory.listen(order.onLog);
    return directory;
  }

  private async create(order: SandboxOrder, program: SandboxProgram, directory: SandboxDirectory, { network, volume, ociRuntime }: { network: SandboxNetwork; volume?: ScratchVolume; ociRuntime?: string }): Promise<Docker.Container> {
    const options = containerOptions({
      id: order.id,
      image: program.image,
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
      launcher: program.launcher,
      imageVolumes: program.imageVolumes,
      controlPath: directory.path,
      hostsPath: join(this.options.catalogue.assets, 'hosts'),
      scratchPath: volume?.path,
      networks: network.kind === 'attached' ? network.networks : [],
      ociRuntime,
    });
    const container: Docker.Container = await this.options.docker.createContainer({ ...options, abortSignal: AbortSignal.timeout(ENGINE_DEADLINE_MS) });
    const [, ...further] = network.kind === 'attached' ? network.networks : [];
    try {
      for (const name of further) await this.options.docker.getNetwork(name).connect({ Container: container.id });
    } catch (error) {
      await container.remove({ force: true, v: true });
      throw error;
    }
    return container;
  }

  /** The container runs and its launcher waits: for its environment, and for what it is to find in its network namespace. */
  private async letBegin(order: SandboxOrder, program: SandboxProgram, channel: RuntimeChannel, directory: SandboxDirectory, sandbox: DockerSandbox, network: SandboxNetwork): Promise<void> {
    const { api } = this;
    const http = channel instanceof HttpChannel ? channel : undefined;
    const open = async (port: number): Promise<Server> => this.listeners.listen(await processOf(sandbox), port);
    const [credentials] = await Promise.all([
      order.credentials,
      http && open(RUNTIME_API_PORT).then((listener) => http.serveListener(listener, sandbox.extensionApis)),
      !http && this.mayEnter && open(RUNTIME_API_PORT).then((listener) => sandbox.bridge(new ExtensionEndpoint(listener, sandbox.extensionApis))),
      network.kind !== 'none' && processOf(sandbox).then(async (pid) => sandbox.connected(await this.networks.connect(network, pid, order.id.slice(0, 8), sandbox.container))),
      order.extensions && this.extend(order, order.extensions, directory, sandbox, this.mayEnter ? async (port) => this.listeners.connect(await processOf(sandbox), port) : undefined),
      api && open(API_PORT).then((listener) => sandbox.bridge(api.serve(listener))),
    ]);
    const place = {
      logStream: order.logStream,
      initializationType: order.initializationType,
      taskRoot: '/var/task',
      runtimeDirectory: '/var/runtime',
      runtimeApi: http || this.mayEnter ? `127.0.0.1:${RUNTIME_API_PORT}` : undefined,
      apiEndpoint: api && API_ENDPOINT,
      imageVariables: program.imageVariables,
    };
    const environment = { ...functionEnvironment(order.spec, place, credentials), ...(http ? {} : { HEARTH_RUNTIME_SOCKET: '/run/hearth/runtime.sock' }) };
    await directory.writeEnvironment(program.environmentText(environment));
    sandbox.startedAt = Date.now();
    directory.release();
  }

  /** @throws ServiceError when the function has extensions, which cannot be served here */
  private async extend(order: SandboxOrder, port: ExtensionsPort, directory: SandboxDirectory, sandbox: DockerSandbox, connect?: SandboxConnect): Promise<void> {
    // What is in an image only its launcher sees.
    const external = order.spec.image !== undefined ? this.mayEnter : await holdsExtensions(order.layersPath);
    if (external && !this.mayEnter) throw extensionsUnsupported(order.spec.functionName);
    sandbox.extendedBy(port, external ? await LauncherLink.open(directory, port) : undefined, connect);
  }

  private async undo(parts: { directory?: SandboxDirectory; channel?: RuntimeChannel; volume?: ScratchVolume; container?: Docker.Container; sandbox?: DockerSandbox }): Promise<void> {
    parts.channel?.close();
    parts.sandbox?.closeBridge();
    const left = await Promise.allSettled([
      parts.container?.remove({ force: true, v: true }).finally(() => parts.sandbox?.releaseNetwork()),
      parts.volume && this.scratch.release(parts.volume),
      parts.directory?.remove(),
    ]);
    for (const one of left) if (one.status === 'rejected') this.options.report(`What a failed start left cannot be removed: ${(one.reason as Error).message}`);
  }
}

async function processOf(sandbox: DockerSandbox): Promise<number> {
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
