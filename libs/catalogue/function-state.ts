/**
 * States of a version and their legal moves (spec/lambda-api.md 1.4):
 *
 *   create                -> Pending                       --ready--> Active/Successful   --broken--> Failed
 *   update of Active      -> Active/InProgress             --ready--> Active/Successful   --broken--> Active/Failed
 *   update of Failed      -> Pending, as at creation
 *   publish (prepared)    -> Active/Successful at once
 */
import { servedPart, type VersionRecord, type VersionState } from './function-record.js';
import { conflict } from './errors.js';

const BEING_CREATED = 'The function is being created.';
const STEADY = { stateReason: null, stateReasonCode: null, lastUpdateReason: null, lastUpdateReasonCode: null } as const;

export function created(): VersionState {
  return { ...STEADY, state: 'Pending', stateReason: BEING_CREATED, stateReasonCode: 'Creating', lastUpdateStatus: null };
}

export function ready(): VersionState {
  return { ...STEADY, state: 'Active', lastUpdateStatus: 'Successful' };
}

/** State after a write; the text of the reason is Lambda's own, also for updates. */
export function updating(record: VersionRecord): VersionState & Pick<VersionRecord, 'serving'> {
  if (record.state === 'Failed') return { ...created(), serving: null };
  return {
    ...STEADY,
    state: 'Active',
    lastUpdateStatus: 'InProgress',
    lastUpdateReason: BEING_CREATED,
    lastUpdateReasonCode: 'Creating',
    // After a failed update the older revision still serves.
    serving: record.serving ?? servedPart(record),
  };
}

export function broken(record: Pick<VersionRecord, 'state'>, code: string, reason: string): VersionState {
  if (record.state === 'Pending') return { ...STEADY, state: 'Failed', stateReason: reason, stateReasonCode: code, lastUpdateStatus: 'Failed', lastUpdateReason: reason, lastUpdateReasonCode: code };
  return { ...STEADY, state: 'Active', lastUpdateStatus: 'Failed', lastUpdateReason: reason, lastUpdateReasonCode: code };
}

/** Whether the asynchronous step is still to come. */
export function isUnfinished(record: VersionState): boolean {
  return record.state === 'Pending' || record.lastUpdateStatus === 'InProgress';
}

/** @throws ServiceError ResourceConflictException while an earlier write is being applied */
export function assertUpdatable(record: VersionState, arn: string): void {
  if (record.state === 'Pending') throw stateConflict(record.state);
  if (record.lastUpdateStatus === 'InProgress') throw conflict(`The operation cannot be performed at this time. An update is in progress for resource: ${arn}`);
}

/** @throws ServiceError ResourceConflictException unless the function works as it stands */
export function assertPublishable(record: VersionState, arn: string): void {
  assertUpdatable(record, arn);
  if (record.state === 'Failed') throw stateConflict(record.state);
}

function stateConflict(state: string): Error {
  return conflict(`The operation cannot be performed at this time. The function is currently in the following state: ${state}`);
}
