import type { FunctionSpec } from './function-spec.js';
import type { RuntimeEntry } from './runtime-catalogue.js';
import type { SandboxHandle, SandboxOrder } from './sandbox-driver.js';

/**
 * Embers are sandboxes that were started before anybody needed them: code, layers, environment, credentials, limits and the size of /tmp come
 * when one is assigned to a function version. From then on it is a sandbox like any other, and it is never assigned twice (docs/decisions/0035).
 */
export interface Ember {
  readonly kind: EmberKind;
  /** Settles when it ended before it was assigned. */
  readonly ended: Promise<unknown>;
  /**
   * Once.
   * @throws InfrastructureError when it cannot serve; the caller destroys it then
   */
  assign(order: SandboxOrder): Promise<SandboxHandle>;
  /** Of one that is not assigned. */
  destroy(): Promise<void>;
}

export interface EmberKind {
  runtime: string;
  /** What the heap of its runtime was sized for; 0 where the runtime does not look at it. */
  memoryMb: number;
}

/** What a driver has that can make embers. */
export interface EmberMaker {
  /** The kind that serves this function quickest; undefined when none can: it takes the ordinary way. */
  kindFor(spec: FunctionSpec): EmberKind | undefined;
  /** Of a runtime by its name; undefined where there are none of it. Memory in MB, default 128 like Lambda's. */
  kindOfRuntime(runtime: string, memoryMb?: number): EmberKind | undefined;
  /** @throws InfrastructureError */
  kindle(kind: EmberKind): Promise<Ember>;
}

/** What an ember may use, and counts for, until it is assigned. */
export const EMBER_MEMORY_MB = 64;
export const DEFAULT_MEMORY_MB = 128;

export function sameKind(one: EmberKind, other: EmberKind): boolean {
  return one.runtime === other.runtime && one.memoryMb === other.memoryMb;
}

/** Whether a function can be put into a sandbox that runs already. The one place that says so. */
export function canTakeEmber(spec: FunctionSpec, runtime: RuntimeEntry): boolean {
  // The engine attaches Docker networks when it makes a container, and chooses what isolates it.
  const ordinary = !spec.networks?.length && (spec.isolation ?? 'runc') === 'runc';
  return ordinary && spec.image === undefined && spec.runtime === runtime.name;
}

/** Names that the loader, the C library, ICU, Node.js or Python read when they start, and never again. */
const READ_AT_START =
  /^(LD_|LC_|LANG$|LANGUAGE$|LOCPATH$|GLIBC_|GCONV_|MALLOC_|NODE_(?!ENV$)|UV_|ICU_|OPENSSL_|SSL_CERT_|PYTHON|PATH$|HOME$|AWS_LAMBDA_EXEC_WRAPPER$)/;

/** Whether the runtime that waits in an ember has to be started again for this function. */
export function needsNewStart(spec: FunctionSpec): boolean {
  return Object.keys(spec.environment).some((name) => READ_AT_START.test(name));
}

/** Node.js sizes its heap once, when it starts. */
export function emberKind(spec: Pick<FunctionSpec, 'runtime' | 'memoryMb'>, runtime: RuntimeEntry): EmberKind {
  return { runtime: spec.runtime, memoryMb: runtime.family === 'nodejs' && runtime.channel === 'socket' ? spec.memoryMb : 0 };
}
