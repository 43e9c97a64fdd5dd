import { InfrastructureError } from '@hearth/kernel';
import type { ImageHost, InvocationOutcome, InvocationRequest, PinnedImage, ProvisionOrder, ProvisionReport } from '@hearth/sandbox';
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
export class LocalFleet implements Fleet, Provisioner, ImageHost {
  /** @param images absent: this machine runs no container images */
  constructor(
    private readonly pool: InvocationRunner,
    private readonly images?: ImageHost,
  ) {}

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

  async locateImage(uri: string): Promise<PinnedImage> {
    return this.imageHost().locateImage(uri);
  }

  async fetchImage(image: PinnedImage, architecture: 'x86_64' | 'arm64'): Promise<void> {
    return this.imageHost().fetchImage(image, architecture);
  }

  private imageHost(): ImageHost {
    if (this.images === undefined) throw new InfrastructureError('this machine runs no container images');
    return this.images;
  }

  private here(): SandboxHost {
    return { id: HERE, ...this.pool.provisionReport() };
  }
}
