import type { SandboxHost } from '@hearth/fleet';
import { fulfilmentOf, type NotRunnable, type WantedPart } from './fulfilment.js';

const host = (...held: SandboxHost['held']): SandboxHost => ({ id: 'h', maxSandboxes: 10, memoryMb: 1_024, held });
const held = (key: string, count: number, ready: number, starting: number, failure?: 'function' | 'platform') => ({ key, count, ready, starting, ...(failure && { failure }) });
const part = (key: string, count: number, unplaced = 0): WantedPart => ({ key, count, unplaced });
const of = (requested: number, parts: WantedPart[] | NotRunnable, ...hosts: SandboxHost[]) => {
  const { status, statusReason, allocated, available } = fulfilmentOf({ requested }, parts, hosts);
  return [status, statusReason, allocated, available];
};

describe('how far an order of provisioned concurrency is', () => {
  it('counts what all hosts hold of it, and no more than was ordered', () => {
    expect(of(4, [part('k', 4)], host(held('k', 2, 2, 0)), host(held('k', 2, 1, 1)))).toEqual(['IN_PROGRESS', null, 4, 3]);
    expect(of(4, [part('k', 4)], host(held('k', 2, 2, 0)), host(held('k', 2, 2, 0), held('other', 3, 3, 0)))).toEqual(['READY', null, 4, 4]);
    expect(of(1, [part('k', 1)], host(held('k', 2, 2, 1)))).toEqual(['READY', null, 1, 1]);
  });

  it('takes the two versions of a weighted alias for themselves', () => {
    expect(of(4, [part('a', 3), part('b', 1)], host(held('a', 3, 4, 0)))).toEqual(['IN_PROGRESS', null, 3, 3]);
    expect(of(4, [part('a', 3), part('b', 1)], host(held('a', 3, 3, 0), held('b', 1, 1, 0)))).toEqual(['READY', null, 4, 4]);
  });

  it('has failed when the init fails, when there is no room, or when the version never runs', () => {
    expect(of(2, [part('k', 2)], host(held('k', 2, 1, 0, 'function')))).toEqual(['FAILED', 'FUNCTION_ERROR_INIT_FAILURE', 1, 1]);
    expect(of(5, [part('k', 5, 3)], host(held('k', 2, 2, 0)))).toEqual(['FAILED', 'The workers have room for 2 of the 5 requested environments.', 2, 2]);
    expect(of(5, 'failed')).toEqual(['FAILED', 'The function version is in state Failed.', 0, 0]);
  });

  it('goes on while the platform fails, no host is there, or the version is being made', () => {
    expect(of(2, [part('k', 2)], host(held('k', 2, 1, 0, 'platform')))).toEqual(['IN_PROGRESS', null, 1, 1]);
    expect(of(2, [part('k', 2, 2)])).toEqual(['IN_PROGRESS', null, 0, 0]);
    expect(of(2, 'pending', host())).toEqual(['IN_PROGRESS', null, 0, 0]);
  });
});
