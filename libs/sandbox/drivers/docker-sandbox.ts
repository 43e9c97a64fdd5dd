import type Docker from 'dockerode';
import type { RuntimeChannel } from '../channel/runtime-channel.js';
import type { RequestHandler } from '../extensions/extension-endpoint.js';
import type { ExtensionsPort } from '../extensions/extensions-port.js';
import type { SandboxExit, SandboxHandle } from '../sandbox-driver.js';
import type { SandboxConnect } from '../telemetry-api/telemetry-receiver.js';
import { nanoCpus } from '../cpu-share.js';
import { setCpuQuota } from './cpu-quota.js';
import { exitFromShell } from './exit-status.js';
import type { LauncherLink } from './launcher-link.js';
import { Freezer } from './freezer.js';
import { MemoryMeter } from './memory-meter.js';
import type { NetworkLease } from '../network/sandbox-networks.js';
import type { SandboxDirectory } from './sandbox-directory.js';
import type { ScratchVolume, ScratchVolumes } from './scratch-volumes.js';

const REMOVE_ATTEMPTS = 3;
const REMOVE_DEADLINE_MS = 30_000;

export interface DockerSandboxParts {
  id: string;
  container: Docker.Container;
  channel: RuntimeChannel;
  directory: SandboxDirectory;
  volume?: ScratchVolume;
  scratch: ScratchVolumes;
  startedAt: number;
  /** vCPUs from the end of init on. */
  cpus: number;
  report(message: string): void;
}

/** One started container and all that belongs to it. */
export class DockerSandbox implements SandboxHandle {
  readonly id: string;
  channel: RuntimeChannel;
  readonly exit: Promise<SandboxExit>;
  /** Host process id of the container's first process; absent when it ended at once. */
  readonly pid: Promise<number | undefined>;
  startedAt: number;
  private volume: ScratchVolume | undefined;
  private cpus: number;
  private hostPid: number | undefined;
  private freezer: Freezer | undefined;
  private meter: MemoryMeter | undefined;
  private oomSeen = false;
  private gone: Promise<void> | undefined;
  private readonly bridges: { close(): void }[] = [];
  private network: NetworkLease | undefined;
  private bridgeClosed = false;
  private link: LauncherLink | undefined;
  private extensions: ExtensionsPort | undefined;
  private runtimeEnded!: (status: number) => void;
  /** The launcher outlives the runtime where there are external extensions. */
  private readonly runtimeStatus = new Promise<number>((resolve) => (this.runtimeEnded = resolve));

  constructor(private readonly parts: DockerSandboxParts) {
    this.id = parts.id;
    this.channel = parts.channel;
    this.startedAt = parts.startedAt;
    this.volume = parts.volume;
    this.cpus = parts.cpus;
    this.pid = this.findProcess();
    this.exit = this.waitForEnd();
    // The runtime's end comes before the container's, and the counters go with the container.
    void this.channel.closed.then(() => this.readLastCounters());
  }

  memoryHighWaterMb(): number {
    return this.meter?.highWater() ?? 0;
  }

  drainLog(): void {
    this.parts.directory.drain();
  }

  /** The sandbox's connections to Hearth's APIs, which end with it. */
  bridge(api: { close(): void }): void {
    this.bridges.push(api);
    if (this.bridgeClosed) api.close();
  }

  get container(): Docker.Container {
    return this.parts.container;
  }

  /** Its network, which ends with it. */
  connected(network: NetworkLease | undefined): void {
    this.network = network;
    if (this.bridgeClosed) network?.close();
  }

  closeBridge(): void {
    this.bridgeClosed = true;
    for (const bridge of this.bridges) bridge.close();
    this.network?.close();
    this.link?.close();
  }

  /** Its container is gone. */
  releaseNetwork(): void {
    this.network?.release();
    this.network = undefined;
  }

  /** What is at AWS_LAMBDA_RUNTIME_API beside the Runtime API: nothing until `extendedBy`. */
  readonly extensionApis: RequestHandler = (request, response) => this.extensions?.handle(request, response) ?? false;

  /** @param link absent: its launcher starts no extensions */
  extendedBy(port: ExtensionsPort, link: LauncherLink | undefined, connect: SandboxConnect | undefined): void {
    this.extensions = port;
    this.link = link;
    void link?.runtimeEnded.then(this.runtimeEnded);
    port.attach({
      startRuntime: link && (() => link.startRuntime()),
      signalRuntime: (signal) => (link ? link.signalRuntime(signal) : void this.signal(`SIG${signal}`)),
      runtimeEnded: this.exit,
      keepRuntimeAwake: () => this.channel.keepAwake(),
      connect,
    });
  }

  initialised(): void {
    // A failure would leave a file that only this sandbox can read, until the sandbox goes.
    this.parts.directory.removeEnvironment().catch(() => undefined);
    if (this.hostPid === undefined || !setCpuQuota(this.hostPid, this.cpus)) void this.limitCpuByEngine();
  }

  /** Its limits are known only now: it was an ember. The memory limit is in force already, the CPU's is from the end of init on. */
  limitedTo(cpus: number): void {
    this.cpus = cpus;
  }

  /** The runtime is started anew: the former one's last words are nobody's. */
  replaceChannel(channel: RuntimeChannel): void {
    this.channel.close();
    this.channel = channel;
    void channel.closed.then(() => this.readLastCounters());
  }

  /** @returns the former one, which is not this sandbox's to release any more */
  replaceVolume(volume: ScratchVolume): ScratchVolume | undefined {
    const former = this.volume;
    this.volume = volume;
    return former;
  }

  freeze(): void {
    if (this.gone === undefined) this.freezer?.freeze();
  }

  thaw(): void {
    this.freezer?.thaw();
  }

  async kill(): Promise<void> {
    this.thaw();
    try {
      await this.parts.container.kill({ signal: 'SIGKILL' });
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }

  /** The launcher hands SIGTERM on to the runtime. */
  private async signal(signal: string): Promise<void> {
    try {
      await this.parts.container.kill({ signal });
    } catch (error) {
      if (!isGone(error)) this.parts.report(`A sandbox cannot be sent ${signal}: ${(error as Error).message}`);
    }
  }

  destroy(): Promise<void> {
    this.gone ??= this.remove();
    return this.gone;
  }

  private async limitCpuByEngine(): Promise<void> {
    try {
      await this.parts.container.update({ NanoCpus: nanoCpus(this.cpus) });
    } catch (error) {
      if (!isGone(error)) this.parts.report(`The CPU limit of a sandbox cannot be set: ${(error as Error).message}`);
    }
  }

  private async findProcess(): Promise<number | undefined> {
    try {
      const { State } = await this.parts.container.inspect();
      if (State.Pid === 0) return undefined;
      this.meter = MemoryMeter.ofProcess(State.Pid);
      this.freezer = Freezer.ofProcess(State.Pid);
      this.hostPid = State.Pid;
      return State.Pid;
    } catch {
      // Removed meanwhile, or the engine is away: `exit` tells.
      return undefined;
    }
  }

  /** `not-running` answers at once for a container that has ended already. */
  private async waitForEnd(): Promise<SandboxExit> {
    let exit: SandboxExit;
    try {
      const ended = this.parts.container.wait({ condition: 'not-running' }) as Promise<{ StatusCode: number }>;
      const status = await Promise.race([ended.then(({ StatusCode }) => StatusCode), this.runtimeStatus]);
      exit = { ...exitFromShell(status), oomKilled: this.oomSeen };
      if (exit.signal === 'killed' && !exit.oomKilled) exit.oomKilled = await this.engineSawOom();
    } catch {
      // Removed by destroy, or the engine went away: either way this sandbox is no more.
      exit = { oomKilled: this.oomSeen };
    }
    await this.channel.runtimeEnded();
    this.drainLog();
    return exit;
  }

  private async engineSawOom(): Promise<boolean> {
    try {
      return (await this.parts.container.inspect()).State.OOMKilled;
    } catch {
      // Removed meanwhile.
      return false;
    }
  }

  private readLastCounters(): void {
    this.oomSeen ||= this.meter?.oomKilled() ?? false;
    this.meter?.highWater();
  }

  private async remove(): Promise<void> {
    this.channel.close();
    this.closeBridge();
    this.thaw(); // Or the engine could not end it.
    for (let attempt = 1; ; attempt++) {
      try {
        await this.parts.container.remove({ force: true, v: true, abortSignal: AbortSignal.timeout(REMOVE_DEADLINE_MS) });
        break;
      } catch (error) {
        if (isGone(error)) break;
        if (attempt === REMOVE_ATTEMPTS) throw error;
      }
    }
    this.releaseNetwork();
    await this.exit;
    await this.pid;
    this.freezer?.close();
    this.meter?.close();
    this.meter = undefined;
    await this.parts.directory.remove();
    if (this.volume) await this.parts.scratch.release(this.volume);
  }
}

/** Not there, not running, or somebody is removing it. */
function isGone(error: unknown): boolean {
  const { statusCode } = error as { statusCode?: number };
  return statusCode === 404 || statusCode === 409;
}
