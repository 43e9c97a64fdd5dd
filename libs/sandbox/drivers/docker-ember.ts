import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { InfrastructureError } from '@hearth/kernel';
import { SocketChannel } from '../channel/socket-channel.js';
import { cpuShare, initCpuShare } from '../cpu-share.js';
import { functionEnvironment, type EnvironmentPlace } from '../function-environment.js';
import { emberKind, EMBER_MEMORY_MB, needsNewStart, sameKind, type Ember, type EmberKind } from '../ember.js';
import type { RuntimeEntry } from '../runtime-catalogue.js';
import type { SandboxHandle, SandboxOrder } from '../sandbox-driver.js';
import { shellEnvironment } from '../shell-environment.js';
import { setCpuQuota } from './cpu-quota.js';
import type { GatedContainer } from './docker-embers.js';
import type { DockerSandbox } from './docker-sandbox.js';
import type { EmberDoor } from './ember-door.js';
import { holdsExtensions } from './launcher-link.js';
import { raiseMemoryLimit } from './memory-limit.js';
import type { MountOrder, MountPlace, NamespaceMounts } from './namespace-mounts.js';
import type { SandboxDirectory } from './sandbox-directory.js';
import { DEFAULT_SCRATCH_MB, type ScratchVolumes } from './scratch-volumes.js';

export interface EmberSurroundings {
  mounts: NamespaceMounts;
  scratch: ScratchVolumes;
  /** What a function finds in its environment of this driver's making. */
  environmentPlace(order: SandboxOrder): EnvironmentPlace;
  /** Opens what extensions in the function's own process need. */
  extend(order: SandboxOrder, directory: SandboxDirectory, sandbox: DockerSandbox): Promise<void>;
  /** Gives it the network that its function may use. */
  connect(order: SandboxOrder, sandbox: DockerSandbox): Promise<void>;
}

interface EmberParts {
  kind: EmberKind;
  runtime: RuntimeEntry;
  gated: GatedContainer;
  place: MountPlace;
  /** Where its runtime client waits; absent: nothing of the runtime has been started yet, the launcher waits. */
  door?: EmberDoor;
}

/** A container that runs and belongs to no function yet. */
export class DockerEmber implements Ember {
  readonly kind: EmberKind;
  readonly ended: Promise<unknown>;

  constructor(
    private readonly parts: EmberParts,
    private readonly surroundings: EmberSurroundings,
  ) {
    this.kind = parts.kind;
    this.ended = parts.gated.sandbox.exit;
  }

  async assign(order: SandboxOrder): Promise<SandboxHandle> {
    const { gated, place } = this.parts;
    const { spec } = order;
    // The launcher that starts them runs already.
    if (order.extensions && (await holdsExtensions(order.layersPath)))
      throw new InfrastructureError('extensions are started with their sandbox');
    gated.directory.listen(order.onLog);
    this.limit(spec.memoryMb);
    const [credentials] = await Promise.all([
      order.credentials,
      this.surroundings.extend(order, gated.directory, gated.sandbox),
      this.surroundings.connect(order, gated.sandbox),
      this.giveScratch(spec.ephemeralStorageMb),
      this.surroundings.mounts.mount(place, this.mountsOf(order)),
    ]);
    const environment = functionEnvironment(spec, this.surroundings.environmentPlace(order), credentials);
    gated.sandbox.startedAt = Date.now();
    await this.letBegin(order, environment);
    return gated.sandbox;
  }

  async destroy(): Promise<void> {
    this.parts.door?.close();
    await this.parts.gated.sandbox.destroy();
  }

  private async letBegin({ spec }: SandboxOrder, environment: Record<string, string>): Promise<void> {
    const { door, kind, runtime } = this.parts;
    const { directory } = this.parts.gated;
    if (door && sameKind(kind, emberKind(spec, runtime)) && !needsNewStart(spec)) {
      door.assign(environment);
      return;
    }
    if (door) return this.startAnew(door, environment);
    await directory.writeEnvironment(shellEnvironment(environment));
    directory.release();
  }

  /** The client that waits has its connection already, and a channel has one: the next one gets a channel of its own. */
  private async startAnew(door: EmberDoor, environment: Record<string, string>): Promise<void> {
    const { directory, sandbox } = this.parts.gated;
    const [channel] = await Promise.all([
      SocketChannel.listen(join(directory.path, 'again.sock'), directory.openTickets()),
      directory.writeEnvironment(shellEnvironment({ ...environment, HEARTH_RUNTIME_SOCKET: '/run/hearth/again.sock' })),
      // The launcher starts the runtime again when it finds this file (launch.sh).
      writeFile(join(directory.path, 'relaunch'), '', { mode: 0o444 }),
    ]);
    sandbox.replaceChannel(channel);
    door.close();
    directory.release();
  }

  /** @throws InfrastructureError */
  private limit(memoryMb: number): void {
    const { pid, sandbox } = this.parts.gated;
    const [before, during] = [EMBER_MEMORY_MB, memoryMb].map((size) => initCpuShare(size, availableParallelism())) as [
      number,
      number,
    ];
    if (!raiseMemoryLimit(pid, memoryMb)) throw new InfrastructureError('the memory limit of a container cannot be written');
    if (during !== before && !setCpuQuota(pid, during))
      throw new InfrastructureError('the CPU limit of a container cannot be written');
    sandbox.limitedTo(cpuShare(memoryMb, availableParallelism()));
  }

  private mountsOf({ codePath, layersPath }: SandboxOrder): MountOrder[] {
    const blank = this.parts.door !== undefined;
    return [
      { source: codePath, target: '/var/task', readOnly: true, replaces: blank },
      ...(layersPath
        ? [{ source: layersPath, target: '/opt', readOnly: true, replaces: blank }]
        : blank
          ? [{ target: '/opt', readOnly: true, replaces: true }]
          : []),
    ];
  }

  /** An ember has a /tmp of the default size. */
  private async giveScratch(sizeMb: number): Promise<void> {
    if (sizeMb === DEFAULT_SCRATCH_MB) return;
    const { gated, place } = this.parts;
    const { scratch, mounts } = this.surroundings;
    const volume = gated.volume && (await scratch.take(sizeMb));
    if (volume === undefined) throw new InfrastructureError('the size of /tmp cannot be changed in a running sandbox here');
    const former = gated.sandbox.replaceVolume(volume);
    await mounts.mount(place, [{ source: volume.path, target: '/tmp', readOnly: false, replaces: true }]);
    if (former) await scratch.release(former);
  }
}
