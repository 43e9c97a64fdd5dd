import { randomUUID } from 'node:crypto';
import { InfrastructureError, ServiceError } from '@hearth/kernel';
import type Docker from 'dockerode';
import type { SandboxOrder } from '../sandbox-driver.js';

/**
 * What stands between a function and the host's kernel. `runc`: namespaces, cgroups and filters of that kernel; `gvisor`: a kernel of its own in
 * user space; `kata`: a virtual machine. From weaker to stronger.
 */
export const ISOLATION_PROFILES = ['runc', 'gvisor', 'kata'] as const;
export type IsolationProfile = (typeof ISOLATION_PROFILES)[number];

/** Under which names engines know them; the first that is there is used. */
const OCI_RUNTIMES: Record<Exclude<IsolationProfile, 'runc'>, readonly string[]> = {
  gvisor: ['runsc', 'gvisor'],
  kata: ['kata', 'kata-runtime', 'kata-qemu', 'kata-fc', 'kata-clh'],
};
/** From the order to the first sign of life of a function's runtime. One that is set up wrongly hangs. */
const PROBE_DEADLINE_MS = 30_000;

export interface IsolationOptions {
  docker: Docker;
  /** Least profile of every function. */
  least: IsolationProfile;
  /** Makes one sandbox with this runtime of the engine and waits until its runtime has spoken. @throws Error when it does not; nothing is left then */
  probe(ociRuntime: string, signal: AbortSignal): Promise<void>;
}

/** Which profiles this host has: of those that its engine knows, those that ran a sandbox. */
export class IsolationProfiles {
  private readonly known = new Map<IsolationProfile, Promise<string>>();

  constructor(private readonly options: IsolationOptions) {}

  /**
   * The engine's runtime for a function, undefined for the engine's own default (runc).
   * @param wanted by the function; it gets at least the platform's
   * @throws ServiceError when this host does not have it
   */
  async runtimeFor(wanted: IsolationProfile = 'runc'): Promise<string | undefined> {
    const profile =
      ISOLATION_PROFILES[Math.max(ISOLATION_PROFILES.indexOf(wanted), ISOLATION_PROFILES.indexOf(this.options.least))]!;
    if (profile === 'runc') return undefined;
    try {
      return await this.usable(profile);
    } catch (error) {
      throw new ServiceError(
        'InvalidRuntimeException',
        502,
        `The function needs the isolation profile '${profile}', which the worker that was chosen does not have: ${(error as Error).message}`,
        { cause: error },
      );
    }
  }

  /** Probed once, on first demand at the latest. @throws Error saying why not */
  usable(profile: Exclude<IsolationProfile, 'runc'>): Promise<string> {
    let answer = this.known.get(profile);
    if (answer === undefined) {
      answer = this.find(profile);
      answer.catch(() => undefined); // Told to whoever asks.
      this.known.set(profile, answer);
    }
    return answer;
  }

  /** No probe is under way any more. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.known.values());
  }

  private async find(profile: Exclude<IsolationProfile, 'runc'>): Promise<string> {
    const { Runtimes = {} } = (await this.options.docker.info()) as { Runtimes?: Record<string, unknown> };
    const name = OCI_RUNTIMES[profile].find((one) => Object.hasOwn(Runtimes, one));
    if (name === undefined)
      throw new InfrastructureError(`its Docker engine has no runtime ${OCI_RUNTIMES[profile].join(' or ')}`);
    const deadline = AbortSignal.timeout(PROBE_DEADLINE_MS);
    const expired = new Promise<never>((_, reject) =>
      deadline.addEventListener(
        'abort',
        () =>
          reject(new InfrastructureError(`a sandbox with ${name} did not come to life within ${PROBE_DEADLINE_MS / 1_000} s`)),
        { once: true },
      ),
    );
    await Promise.race([this.options.probe(name, deadline), expired]);
    return name;
  }
}

/** Of a function that is nobody's and has no code. */
export function probeOrder(runtime: string, codePath: string): SandboxOrder {
  const functionName = 'hearth-isolation-probe';
  return {
    id: randomUUID().replaceAll('-', ''),
    spec: {
      accountId: '000000000000',
      region: 'us-east-1',
      functionName,
      version: '$LATEST',
      sandboxKey: functionName,
      runtime,
      handler: 'hearth-none.handler',
      role: '',
      memoryMb: 256,
      timeoutSeconds: 3,
      ephemeralStorageMb: 512,
      architecture: 'x86_64',
      environment: {},
      codeDigest: '',
      logFormat: 'Text',
      logGroup: '',
    },
    codePath,
    logStream: functionName,
    network: { kind: 'none' },
    onLog: () => undefined,
  };
}
