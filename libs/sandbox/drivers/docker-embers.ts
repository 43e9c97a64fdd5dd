import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { InfrastructureError, type OperatorError } from '@hearth/kernel';
import { bootEnvironment } from '../function-environment.js';
import {
  canTakeEmber,
  DEFAULT_MEMORY_MB,
  EMBER_MEMORY_MB,
  emberKind,
  type Ember,
  type EmberKind,
  type EmberMaker,
} from '../ember.js';
import type { FunctionSpec } from '../function-spec.js';
import type { RuntimeCatalogue, RuntimeEntry } from '../runtime-catalogue.js';
import { shellEnvironment } from '../shell-environment.js';
import { DockerEmber, type EmberSurroundings } from './docker-ember.js';
import type { ContainerPlan } from './container-options.js';
import type { DockerSandbox } from './docker-sandbox.js';
import { EmberDoor } from './ember-door.js';
import { mountPlaceOf } from './namespace-mounts.js';
import { raiseMemoryLimit } from './memory-limit.js';
import type { SandboxDirectory } from './sandbox-directory.js';
import { DEFAULT_SCRATCH_MB, type ScratchVolume } from './scratch-volumes.js';

/** From the container's start until the runtime client waits. */
const BOOT_DEADLINE_MS = 20_000;
/** Images that do not know embers fail at once; a machine under load may fail for other reasons. */
const MAX_FAILURES = 3;

/** A container that runs, its launcher at the gate. */
export interface GatedContainer {
  sandbox: DockerSandbox;
  directory: SandboxDirectory;
  pid: number;
  /** Its `/tmp`; absent where it is a tmpfs. */
  volume?: ScratchVolume;
}

export interface EmberWorkshop extends EmberSurroundings {
  catalogue: RuntimeCatalogue;
  /** The folder of this life's sandbox directories. */
  controlDirectory: string;
  /** Everything a sandbox has but code, layers and environment. Cleans up behind itself when it fails. */
  prepare(runtime: string, plan: Pick<ContainerPlan, 'memoryMb' | 'ephemeralStorageMb'>): Promise<GatedContainer>;
  report(message: string): void;
}

/** Makes embers as containers of a Docker engine on this machine. */
export class DockerEmbers implements EmberMaker {
  private readonly failures = new Map<string, number>();

  constructor(private readonly workshop: EmberWorkshop) {}

  kindFor(spec: FunctionSpec): EmberKind | undefined {
    const runtime = this.runtime(spec.runtime);
    return runtime && canTakeEmber(spec, runtime) ? emberKind(spec, runtime) : undefined;
  }

  kindOfRuntime(name: string, memoryMb = DEFAULT_MEMORY_MB): EmberKind | undefined {
    const runtime = this.runtime(name);
    return runtime && emberKind({ runtime: name, memoryMb }, runtime);
  }

  async kindle(kind: EmberKind): Promise<Ember> {
    const runtime = this.workshop.catalogue.resolve(kind.runtime);
    try {
      const ember = await this.make(kind, runtime);
      this.failures.delete(kind.runtime);
      return ember;
    } catch (error) {
      // Not there yet: it is built or pulled on first use.
      if (((error as Error).cause as { statusCode?: number } | undefined)?.statusCode === 404) throw error;
      const failures = (this.failures.get(kind.runtime) ?? 0) + 1;
      this.failures.set(kind.runtime, failures);
      if (failures === MAX_FAILURES)
        this.workshop.report(`No sandboxes of ${kind.runtime} are started ahead any more: ${(error as Error).message}`);
      throw error;
    }
  }

  private runtime(name: string): RuntimeEntry | undefined {
    if ((this.failures.get(name) ?? 0) >= MAX_FAILURES) return undefined;
    try {
      return this.workshop.catalogue.resolve(name);
    } catch (error) {
      // The ordinary way refuses it in the right words.
      return void (error as OperatorError);
    }
  }

  private async make(kind: EmberKind, runtime: RuntimeEntry): Promise<DockerEmber> {
    const memoryMb = EMBER_MEMORY_MB;
    const gated = await this.workshop.prepare(runtime.name, { memoryMb, ephemeralStorageMb: DEFAULT_SCRATCH_MB });
    try {
      // What an assignment will need is tried out now: nobody's start may depend on it.
      if (!raiseMemoryLimit(gated.pid, memoryMb))
        throw new InfrastructureError('the memory limit of a container cannot be written');
      const place = mountPlaceOf(gated.pid);
      const door = runtime.channel === 'socket' ? await this.boot(kind, runtime, gated, place) : undefined;
      return new DockerEmber({ kind, runtime, gated, place, door }, this.workshop);
    } catch (error) {
      await gated.sandbox.destroy();
      throw error;
    }
  }

  /** Lets the runtime client start and waits until it waits. */
  private async boot(
    kind: EmberKind,
    runtime: RuntimeEntry,
    { directory, sandbox }: GatedContainer,
    place: ReturnType<typeof mountPlaceOf>,
  ): Promise<EmberDoor> {
    const blank = await this.blankDirectory();
    await this.workshop.mounts.mount(
      place,
      ['/var/task', '/opt'].map((target) => ({ source: blank, target, readOnly: true })),
    );
    const door = await EmberDoor.listen(join(directory.path, 'ember.sock'));
    let timer: NodeJS.Timeout | undefined;
    try {
      await directory.writeEnvironment(
        shellEnvironment({
          ...bootEnvironment(runtime.name),
          AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(kind.memoryMb || DEFAULT_MEMORY_MB),
          HEARTH_RUNTIME_SOCKET: '/run/hearth/runtime.sock',
          _HEARTH_EMBER: '/run/hearth/ember.sock',
        }),
      );
      directory.release();
      const late = new Promise<never>(
        (_, reject) =>
          (timer = setTimeout(
            () => reject(new InfrastructureError(`${runtime.image} does not wait for a function in time`)),
            BOOT_DEADLINE_MS,
          )),
      );
      const ended = sandbox.exit.then(() =>
        Promise.reject(new InfrastructureError(`${runtime.image} does not know how to wait for a function: build it anew`)),
      );
      ended.catch(() => undefined); // Only the first of the three counts.
      await Promise.race([door.ready, ended, late]);
      await directory.removeEnvironment();
      return door;
    } catch (error) {
      door.close();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Stands where code and layers will be. The C library remembers library folders that were not there when it looked first, and it looks when
   * the runtime starts.
   */
  private async blankDirectory(): Promise<string> {
    const directory = join(this.workshop.controlDirectory, 'blank');
    await mkdir(join(directory, 'lib'), { recursive: true, mode: 0o755 });
    return directory;
  }
}
