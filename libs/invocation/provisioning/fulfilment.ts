import type { Fulfilment, ProvisionedConfig } from '@hearth/catalogue';
import type { SandboxHost } from '@hearth/fleet';

/** A part of an order: sandboxes of one version. */
export interface WantedPart {
  key: string;
  count: number;
  /** For how many there is no room on any host. */
  unplaced: number;
}

/** Why nothing can be started for an order. */
export type NotRunnable = 'pending' | 'failed';

const INIT_FAILED = 'FUNCTION_ERROR_INIT_FAILURE';

/**
 * How far an order is (spec/concurrency-and-billing.md 1.4). Pure.
 * @param parts `pending` while a version of it is not ready to run, `failed` when one never will be
 */
export function fulfilmentOf({ requested }: Pick<ProvisionedConfig, 'requested'>, parts: readonly WantedPart[] | NotRunnable, hosts: readonly SandboxHost[]): Fulfilment {
  if (parts === 'pending') return { status: 'IN_PROGRESS', statusReason: null, allocated: 0, available: 0 };
  if (parts === 'failed') return { status: 'FAILED', statusReason: 'The function version is in state Failed.', allocated: 0, available: 0 };
  let allocated = 0;
  let available = 0;
  let failed = false;
  for (const { key, count } of parts) {
    const held = hosts.flatMap((host) => host.held.filter((one) => one.key === key));
    const ready = held.reduce((sum, one) => sum + one.ready, 0);
    available += Math.min(count, ready);
    allocated += Math.min(count, ready + held.reduce((sum, one) => sum + one.starting, 0));
    failed ||= held.some(({ failure }) => failure === 'function');
  }
  const unplaced = parts.reduce((sum, part) => sum + part.unplaced, 0);
  if (available >= requested) return { status: 'READY', statusReason: null, allocated, available };
  if (failed) return { status: 'FAILED', statusReason: INIT_FAILED, allocated, available };
  // Without a host there is nothing to say about room yet.
  if (unplaced > 0 && hosts.length > 0) return { status: 'FAILED', statusReason: `The workers have room for ${requested - unplaced} of the ${requested} requested environments.`, allocated, available };
  return { status: 'IN_PROGRESS', statusReason: null, allocated, available };
}
