import type { Place } from './scaling-store.js';

/** The provisioned concurrency of versions and aliases; the catalogue has it. */
export interface ProvisionedCapacity {
  /** Of the order that stands; 0 when there is none. @throws ServiceError when there is no such function, version or alias */
  current(place: Place, functionName: string, qualifier: string): Promise<number>;
  /** @param capacity 0 takes the order back. @throws ServiceError */
  set(place: Place, functionName: string, qualifier: string, capacity: number): Promise<void>;
}
