import type { InvocationOutcome, InvocationRequest, ProvisionOrder, ProvisionReport } from '@hearth/sandbox';
import type { Fleet } from './fleet.js';
import type { Provisioner, SandboxHost } from './provisioner.js';

/** Id of the only host. */
const HERE = 'local';

/** What a worker runs invocations on; `SandboxPool` of `sandbox` is one. */
export interface InvocationRunner {
  invoke(request: InvocationRequest, signal?: AbortSignal): Promise<InvocationOutcome>;
  provision(orders: readonly ProvisionOrder[]): void;
  provisionReport(): ProvisionReport;
}

/** One machine: the sandboxes are in this process. */
export class LocalFleet implements Fleet, Provisioner {
  constructor(private readonly pool: InvocationRunner) {}

  invoke(request: InvocationRequest, signal?: AbortSignal): Promise<InvocationOutcome> {
    return this.pool.invoke(request, signal);
  }

  hosts(): Promise<SandboxHost[]> {
    return Promise.resolve([this.here()]);
  }

  provision(_hostId: string, orders: readonly ProvisionOrder[]): Promise<SandboxHost> {
    this.pool.provision(orders);
    return Promise.resolve(this.here());
  }

  private here(): SandboxHost {
    return { id: HERE, ...this.pool.provisionReport() };
  }
}
