import { invalidParameter, noSuchGroup } from '../errors.js';
import type { LogPlace } from '../group-store.js';
import { groupOfArn } from '../log-arn.js';

export interface GroupInput {
  logGroupName?: string;
  /** Name or ARN. */
  logGroupIdentifier?: string;
}

/**
 * Name of the group that a call is about.
 * @throws ServiceError InvalidParameterException unless exactly one member names it; ResourceNotFoundException for one of another account or region
 */
export function groupNameOf({ logGroupName, logGroupIdentifier }: GroupInput, place: LogPlace): string {
  if (logGroupName !== undefined && logGroupIdentifier !== undefined) throw invalidParameter('LogGroup name and LogGroup identifier cannot both be given.');
  if (logGroupIdentifier === undefined) {
    if (logGroupName === undefined) throw invalidParameter('LogGroup name or LogGroup identifier must be given.');
    return logGroupName;
  }
  if (!logGroupIdentifier.startsWith('arn:')) return logGroupIdentifier;
  return nameOfArn(logGroupIdentifier, place);
}

/** @throws ServiceError */
export function nameOfArn(arn: string, { accountId, region }: LogPlace): string {
  const group = groupOfArn(arn);
  if (group === undefined) throw invalidParameter(`${arn} is not a valid ARN of a log group.`);
  if (group.accountId !== accountId || group.region !== region) throw noSuchGroup();
  return group.name;
}
