import { invalidParameter } from './errors.js';

/** Tag by which a function asks for more isolation than the platform gives every one (docs/isolation.md). */
export const ISOLATION_TAG = 'hearth:isolation';
const PROFILES = ['runc', 'gvisor', 'kata'] as const;
export type Isolation = (typeof PROFILES)[number];

export function isolationOf(tags: Record<string, string>): Isolation | undefined {
  return PROFILES.find((profile) => profile === tags[ISOLATION_TAG]);
}

/** @throws ServiceError InvalidParameterValueException for a profile that does not exist: the function would run with less than was meant */
export function assertIsolation(tags: Record<string, string>): void {
  const wanted = tags[ISOLATION_TAG];
  if (wanted !== undefined && isolationOf(tags) === undefined)
    throw invalidParameter(`Tag ${ISOLATION_TAG}: '${wanted}' is none of ${PROFILES.join(', ')}.`);
}
