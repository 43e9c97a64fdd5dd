import type { Server } from 'node:net';
import type Docker from 'dockerode';
import { ServiceError } from '@hearth/kernel';
import type { Owner } from '../drivers/owner.js';
import type { FunctionSpec } from '../function-spec.js';
import { EgressBridge } from './egress-bridge.js';
import { routingRules, type EgressPolicy, type RoutingRule } from './egress-policy.js';
import { hostAddresses } from './host-addresses.js';
import { networkOf } from './ipv4.js';
import { NameServer, type NameServerOptions } from './name-server.js';
import { NetworkHelper } from './network-helper.js';

/**
 * Where a sandbox's packets may go.
 * - `none` and `egress` start from the same container, without a network: `egress` gets its cable afterwards, in about a millisecond. A sandbox
 *   that is started ahead serves both, and is told which when it is assigned.
 * - `attached` is decided when the container is made: the engine attaches it, and it can serve functions with the same networks only.
 */
export type SandboxNetwork = { kind: 'none' } | { kind: 'egress' } | { kind: 'attached'; networks: readonly string[] };

const NAME_PORT = 53;
/** Containers of sandboxes, of any worker (container-options.ts). */
const SANDBOX_NAME = /^hearth-[0-9a-f]{32}$/;

/** What a function's sandbox is to be connected to. */
export function networkFor(spec: FunctionSpec, policy: EgressPolicy): SandboxNetwork {
  if (spec.networks?.length) return { kind: 'attached', networks: spec.networks };
  return { kind: policy.mode === 'none' ? 'none' : 'egress' };
}

export interface SandboxNetworksOptions {
  docker: Docker;
  owner: Owner;
  policy: EgressPolicy;
  labels?: Record<string, string>;
  names?: NameServerOptions;
  /** Opens a TCP listener on 127.0.0.1 in a process's namespace. */
  listen(pid: number, port: number): Promise<Server>;
}

/** A sandbox's network while it has one. */
export interface NetworkLease {
  /** Serves nothing any more. */
  close(): void;
  /** The sandbox is gone: its address may be given to another. */
  release(): void;
}

interface Endpoint {
  Gateway: string;
  IPAddress: string;
}

interface EngineNetwork {
  Driver: string;
  IPAM: { Config?: { Subnet: string; Gateway?: string }[] };
  Containers?: Record<string, { Name: string; IPv4Address: string }>;
}

/**
 * Networks of sandboxes.
 *
 * 1. All filters are inside the sandbox's own network namespace, put there before its launcher goes on; a sandbox has no right to change them,
 *    and they go with it. Nothing of the host's own configuration is changed.
 * 2. What no rule names is looked up in the main table; what must not be reached is unreachable at once, without a packet.
 * 3. Other sandboxes cannot be reached: ports of the bridge are isolated from each other, and in networks of the operator's, addresses of those
 *    that are there already are refused by the one that comes, which breaks both directions.
 */
export class SandboxNetworks {
  private readonly helper = new NetworkHelper();
  private readonly bridge: EgressBridge;
  private readonly names: NameServer;

  constructor(private readonly options: SandboxNetworksOptions) {
    this.bridge = new EgressBridge(options.docker, options.owner, options.labels);
    this.names = new NameServer(options.names);
  }

  /** Whether this machine can do it; what can be made ahead is. @throws InfrastructureError saying what it cannot */
  async check(): Promise<void> {
    const { device } = await this.bridge.bridge();
    await this.helper.prepare(0, [
      ...steps(routingRules({ mode: 'open', allow: [] }, { hostAddresses: [], sandboxes: [], attached: [] })),
      'filter eth0',
      `bridge ${device}`,
    ]);
  }

  /** Before anything listens on 127.0.0.1 in it. */
  async switchOnLoopback(pid: number): Promise<void> {
    await this.helper.prepare(pid, ['up lo']);
  }

  removeOrphan(): Promise<void> {
    return this.bridge.removeOrphan();
  }

  async close(): Promise<void> {
    this.helper.close();
    await this.bridge.close();
  }

  /** @throws ServiceError when a network of the function is not on this machine */
  async assertThere({ networks }: { networks: readonly string[] }): Promise<void> {
    for (const name of networks) {
      try {
        await this.options.docker.getNetwork(name).inspect();
      } catch (error) {
        if ((error as { statusCode?: number }).statusCode !== 404) throw error;
        throw new ServiceError(
          'InvalidSubnetIDException',
          502,
          `The worker that was chosen has no Docker network '${name}', to which the function's VpcConfig maps. It has to exist on every worker.`,
          {
            cause: error,
          },
        );
      }
    }
  }

  /**
   * Connects a running container whose launcher still waits.
   * @param name eight hex digits of the sandbox's id
   */
  async connect(
    network: SandboxNetwork,
    pid: number,
    name: string,
    container: Docker.Container,
  ): Promise<NetworkLease | undefined> {
    if (network.kind === 'none') return undefined;
    return network.kind === 'egress' ? this.toInternet(pid, name) : this.amongOthers(pid, container);
  }

  private async toInternet(pid: number, name: string): Promise<NetworkLease> {
    const { device, gateway, subnet } = await this.bridge.bridge();
    const lease = await this.bridge.take();
    try {
      const rules = routingRules(this.options.policy, { hostAddresses: hostAddresses(), sandboxes: [subnet], attached: [] });
      const served = await this.prepare(pid, [...steps(rules), `cable hx${name} ${device} ${lease.address} ${gateway}`]);
      return { ...served, release: lease.release };
    } catch (error) {
      lease.release();
      throw error;
    }
  }

  private async amongOthers(pid: number, container: Docker.Container): Promise<NetworkLease> {
    const endpoints = (await container.inspect()).NetworkSettings.Networks as Record<string, Endpoint>;
    const networks = await Promise.all(
      Object.keys(endpoints).map(async (name) => (await this.options.docker.getNetwork(name).inspect()) as EngineNetwork),
    );
    const configs = networks.flatMap(({ IPAM }) => IPAM.Config ?? []).filter(({ Subnet }) => !Subnet.includes(':'));
    const others = networks
      .flatMap(({ Containers = {} }) => Object.entries(Containers))
      .filter(([id, { Name, IPv4Address }]) => id !== container.id && SANDBOX_NAME.test(Name) && IPv4Address !== '');
    const rules = routingRules(this.options.policy, {
      // The address of the bridge is the host's. One that a network without a bridge has for its router is on the way, not the destination.
      hostAddresses: [...hostAddresses(), ...configs.flatMap(({ Gateway }) => (Gateway ? [Gateway.split('/')[0]!] : []))],
      sandboxes: others.map(([, { IPv4Address }]) => IPv4Address.split('/')[0]!),
      attached: configs.map(({ Subnet }) => networkOf(Subnet)),
    });
    const served = await this.prepare(pid, [...steps(rules), ...Object.keys(endpoints).map((_, index) => `filter eth${index}`)]);
    return { ...served, release: () => undefined };
  }

  private async prepare(pid: number, what: readonly string[]): Promise<{ close(): void }> {
    const [questions, connections] = await Promise.all([
      this.helper.prepare(pid, [...what, 'dns']),
      this.options.listen(pid, NAME_PORT),
    ]);
    return this.names.serve(questions!, connections);
  }
}

function steps(rules: readonly RoutingRule[]): string[] {
  return rules.map(({ priority, destination, where }) => `rule ${priority} ${destination} ${where}`);
}
