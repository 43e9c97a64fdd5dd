import type { ProvisionOrder, ProvisionReport } from '@hearth/sandbox';

/** A place where sandboxes can be held ready, and what it holds. */
export interface SandboxHost extends ProvisionReport {
  /** New with each life of the host. */
  id: string;
}

/** Who holds initialised sandboxes ready. The same fleets implement it that run invocations. */
export interface Provisioner {
  /** Every host of now. One that is registered but does not answer is told as it was last. */
  hosts(): Promise<SandboxHost[]>;
  /**
   * Orders what a host holds from now on: these and no others. Does not wait until they are ready.
   * @throws InfrastructureError when the host cannot be reached
   */
  provision(hostId: string, orders: readonly ProvisionOrder[]): Promise<SandboxHost>;
}
