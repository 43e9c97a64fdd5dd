import type { RuntimeChannel } from './channel/runtime-channel.js';
import type { EmberMaker } from './ember.js';
import type { FunctionCredentials, InitializationType } from './function-environment.js';
import type { ExtensionsPort } from './extensions/extensions-port.js';
import type { FunctionSpec } from './function-spec.js';
import type { SandboxNetwork } from './network/sandbox-networks.js';

/**
 * Where sandboxes come from: the port of this library. Two implementations, `docker` and `process`, held by the
 * conformance suite in testing/. A driver makes and ends sandboxes; it knows nothing of pools, invocations or log formats.
 */
export interface SandboxDriver {
  readonly name: 'docker' | 'process';

  /** @throws OperatorError when sandboxes cannot be made on this machine */
  check(): Promise<DriverReport>;

  /** Ends everything that earlier incarnations of the same state directory left: containers, processes, mounts, directories. Never others'. */
  removeOrphans(): Promise<OrphanReport>;

  /**
   * @throws InfrastructureError when the sandbox cannot be made; nothing of it is left then
   * @throws ServiceError when this driver cannot give the function what it asks for, or its role gives no credentials
   */
  start(order: SandboxOrder): Promise<SandboxHandle>;

  /** Absent: this driver starts nothing ahead. */
  readonly embers?: EmberMaker;

  /** Gives up what the driver holds in reserve; sandboxes have to be destroyed before. */
  close(): Promise<void>;
}

export interface SandboxOrder {
  /** 32 hex digits, unique. */
  id: string;
  spec: FunctionSpec;
  /** Default `on-demand`. */
  initializationType?: InitializationType;
  /** Absolute path of the unpacked, read-only code; absent for container images, which have theirs inside. */
  codePath?: string;
  /** Absolute path of the merged, read-only layers; absent when the function has none. */
  layersPath?: string;
  logStream: string;
  /** Default: what the function's VpcConfig and the platform's policy say (network/sandbox-networks.ts). */
  network?: SandboxNetwork;
  /** Issued while the sandbox is made: awaited only when all else is ready. */
  credentials?: Promise<FunctionCredentials>;
  /** Raw bytes that the function wrote to stdout and stderr, in order. Called synchronously. */
  onLog(chunk: Buffer): void;
  /** Absent: the sandbox has no Extensions API, and extensions in its layers are not started. */
  extensions?: ExtensionsPort;
}

export interface SandboxHandle {
  readonly id: string;
  readonly channel: RuntimeChannel;
  /** Epoch ms at which the sandbox's first process ran. */
  readonly startedAt: number;
  /** Settles once, when the sandbox's main process has ended. Never rejects. */
  readonly exit: Promise<SandboxExit>;
  /** Highest memory use so far in MB, file cache that the kernel can drop not counted. */
  memoryHighWaterMb(): number;
  /** Hands over the log bytes that are there already, before it returns. */
  drainLog(): void;
  /** What only had to be there for init is removed: the environment file. */
  initialised(): void;
  /** No process of it runs from here on until `thaw`. Both return at once; absent where the driver cannot do it. */
  freeze?(): void;
  thaw?(): void;
  /** SIGKILL to all processes of the sandbox. */
  kill(): Promise<void>;
  /** Kills, and removes all that the sandbox had. May be called again; resolves when nothing is left. */
  destroy(): Promise<void>;
}

export interface SandboxExit {
  /** Absent when a signal ended it. */
  exitCode?: number;
  /** Name as Linux prints it: `killed`, `segmentation fault`. */
  signal?: string;
  oomKilled: boolean;
}

export interface DriverReport {
  driver: 'docker' | 'process';
  isolation: 'full' | 'reduced' | 'none';
  /** Sentences for the operator: versions, what is reduced and why. */
  notes: string[];
  /** Runtimes of the catalogue whose image is not on this machine. */
  missingRuntimes: string[];
}

export interface OrphanReport {
  containers: number;
  processes: number;
  mounts: number;
  directories: number;
}
