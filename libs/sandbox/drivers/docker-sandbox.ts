import type Docker from 'dockerode';
import type { RuntimeChannel } from '../channel/runtime-channel.js';
import type { SandboxExit, SandboxHandle } from '../sandbox-driver.js';
import { nanoCpus } from '../cpu-share.js';
import { setCpuQuota } from './cpu-quota.js';
import { exitFromShell } from './exit-status.js';
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
  readonly channel: RuntimeChannel;
  readonly exit: Promise<SandboxExit>;
  /** Host process id of the container's first process; absent when it ended at once. */
  readonly pid: Promise<number | undefined>;
  startedAt: number;
  private hostPid: number | undefined;
  private meter: MemoryMeter | undefined;
  private oomSeen = false;
  private gone: Promise<void> | undefined;
  private api: { close(): void } | undefined;
  private network: NetworkLease | undefined;
  private bridgeClosed = false;

  constructor(private readonly parts: DockerSandboxParts) {
    this.id = parts.id;
    this.channel = parts.channel;
    this.startedAt = parts.startedAt;
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

  /** The sandbox's connections to Hearth's API, which end with it. */
  bridge(api: { close(): void }): void {
    this.api = api;
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
    this.api?.close();
    this.network?.close();
  }

  /** Its container is gone. */
  releaseNetwork(): void {
    this.network?.release();
    this.network = undefined;
  }

  initialised(): void {
    // A failure would leave a file that only this sandbox can read, until the sandbox goes.
    this.parts.directory.removeEnvironment().catch(() => undefined);
    if (this.hostPid === undefined || !setCpuQuota(this.hostPid, this.parts.cpus)) void this.limitCpuByEngine();
  }

  async kill(): Promise<void> {
    try {
      await this.parts.container.kill({ signal: 'SIGKILL' });
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }

  destroy(): Promise<void> {
    this.gone ??= this.remove();
    return this.gone;
  }

  private async limitCpuByEngine(): Promise<void> {
    try {
      await this.parts.container.update({ NanoCpus: nanoCpus(this.parts.cpus) });
    } catch (error) {
      if (!isGone(error)) this.parts.report(`The CPU limit of a sandbox cannot be set: ${(error as Error).message}`);
    }
  }

  private async findProcess(): Promise<number | undefined> {
    try {
      const { State } = await this.parts.container.inspect();
      if (State.Pid === 0) return undefined;
      this.meter = MemoryMeter.ofProcess(State.Pid);
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
      const { StatusCode } = (await this.parts.container.wait({ condition: 'not-running' })) as { StatusCode: number };
      exit = { ...exitFromShell(StatusCode), oomKilled: this.oomSeen };
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
    this.meter?.close();
    this.meter = undefined;
    await this.parts.directory.remove();
    if (this.parts.volume) await this.parts.scratch.release(this.parts.volume);
  }
}

/** Not there, not running, or somebody is removing it. */
function isGone(error: unknown): boolean {
  const { statusCode } = error as { statusCode?: number };
  return statusCode === 404 || statusCode === 409;
}
