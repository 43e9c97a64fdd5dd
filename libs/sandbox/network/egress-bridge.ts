import type Docker from 'dockerode';
import { InfrastructureError } from '@hearth/kernel';
import { LABEL } from '../drivers/container-options.js';
import type { Owner } from '../drivers/owner.js';
import { networkOf, parseNetwork, toAddress, toNumber } from './ipv4.js';

export interface Bridge {
  device: string;
  gateway: string;
  /** All addresses behind it are sandboxes', or the gateway's. */
  subnet: string;
}

/**
 * The bridge over which this worker's sandboxes reach the internet: a network of the engine's, which brings address translation and
 * forwarding with it, and takes them away when it is removed. The engine attaches nothing to it; addresses are given out here.
 */
export class EgressBridge {
  private made: Promise<Bridge> | undefined;
  private readonly taken = new Set<number>();
  private last = 0;

  constructor(
    private readonly docker: Docker,
    private readonly owner: Owner,
    private readonly labels: Record<string, string> = {},
  ) {}

  private get name(): string {
    return `hearth-egress-${this.owner.owner}`;
  }

  /** Makes it, when it is first needed. @throws InfrastructureError */
  bridge(): Promise<Bridge> {
    this.made ??= this.make().catch((error: unknown) => {
      this.made = undefined;
      throw new InfrastructureError(`The engine's network for sandboxes cannot be made: ${(error as Error).message}`, {
        cause: error,
      });
    });
    return this.made;
  }

  /** An address nobody has; to be given back when its sandbox is gone. */
  async take(): Promise<{ address: string; release(): void }> {
    const { gateway, subnet } = await this.bridge();
    const { base, length } = parseNetwork(subnet)!;
    const size = 2 ** (32 - length);
    const reserved = new Set([base, base + size - 1, toNumber(gateway)]);
    // The next one, not the first free one: an address comes back as late as it can.
    for (let tries = 0; tries < size; tries++) {
      this.last = (this.last + 1) % size;
      const number = base + this.last;
      if (reserved.has(number) || this.taken.has(number)) continue;
      this.taken.add(number);
      return { address: toAddress(number), release: () => void this.taken.delete(number) };
    }
    throw new InfrastructureError(`All addresses of the engine's network ${this.name} are in use`);
  }

  /** Leaves nothing on the host. */
  async close(): Promise<void> {
    if (this.made === undefined) return;
    await this.made.catch(() => undefined); // Never made: said then.
    this.made = undefined;
    await this.remove();
  }

  /** What a former life left; not the one of this life. */
  async removeOrphan(): Promise<void> {
    if (this.made === undefined) await this.remove();
  }

  private async remove(): Promise<void> {
    try {
      await this.docker.getNetwork(this.name).remove();
    } catch (error) {
      if ((error as { statusCode?: number }).statusCode !== 404) throw error;
    }
  }

  private async make(): Promise<Bridge> {
    const device = `hearth${this.owner.owner.slice(0, 8)}`;
    const network = await this.docker
      .createNetwork({
        Name: this.name,
        CheckDuplicate: true,
        Driver: 'bridge',
        Labels: { ...this.labels, [LABEL.owner]: this.owner.owner },
        Options: {
          'com.docker.network.bridge.name': device,
          'com.docker.network.bridge.enable_icc': 'false',
          'com.docker.network.bridge.enable_ip_masquerade': 'true',
        },
      })
      .catch((error: unknown) => {
        if ((error as { statusCode?: number }).statusCode !== 409) throw error;
        return this.docker.getNetwork(this.name);
      });
    const { Subnet, Gateway } = ((await network.inspect()) as { IPAM: { Config: { Subnet: string; Gateway: string }[] } }).IPAM
      .Config[0]!;
    return { device, gateway: Gateway.split('/')[0]!, subnet: networkOf(Subnet) };
  }
}
