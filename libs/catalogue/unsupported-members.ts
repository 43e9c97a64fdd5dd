import { invalidParameter } from './errors.js';

/**
 * Members that Hearth does not honour yet: a value that would change something is refused, a neutral one accepted, so that
 * clients which always send the member keep working. Nothing here is stored (architecture section 4).
 */
const NEUTRAL: Record<string, (value: any) => boolean> = {
  PublishTo: () => false,
  DeadLetterConfig: (value) => !value.TargetArn,
  SourceKMSKeyArn: (value) => value === '',
  FileSystemConfigs: isEmptyList,
  SnapStart: (value) => (value.ApplyOn ?? 'None') === 'None',
  TenancyConfig: () => false,
  CapacityProviderConfig: () => false,
  // KMSKeyArn of it: there are no keys of callers.
  DurableConfig: (value) => !value.KMSKeyArn,
};

/** @throws ServiceError InvalidParameterValueException naming the first member that is not supported */
export function refuseUnsupportedMembers(input: Record<string, any>): void {
  for (const [member, isNeutral] of Object.entries(NEUTRAL)) {
    const value = input[member];
    if (value === undefined || value === null || isNeutral(value)) continue;
    throw invalidParameter(`${member} is not supported by this deployment.`);
  }
}

function isEmptyList(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}
